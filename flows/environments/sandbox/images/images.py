"""Builds images: each once on a machine, whole or not at all, and shared by all attempts as read-only mounts.

Python packages come from the machine's package index as wheels, so that no code of theirs runs while they are
installed; Debian packages are downloaded and unpacked without root. A build happens in a folder of its own, which is
renamed when it is complete; a lock makes other processes wait for it.
"""

import fcntl
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flows.environments.sandbox.images.debian import install_debian
from flows.environments.sandbox.images.image import BIN, EMPTY, ETC, INTERPRETER, LIVE, PACKAGES, Image, image_of
from flows.environments.sandbox.images.packages import ImageError, install_python, versions
from flows.environments.sandbox.tree import remove


@dataclass(frozen=True)
class Packages:
    """An image by the packages in it."""

    name: str
    python: Sequence[str] = ()
    """Requirements of pip, such as numpy>=2."""
    debian: Sequence[str] = ()


class Listed(Protocol):
    """The same, as the settings list it."""

    @property
    def name(self) -> str: ...
    @property
    def python(self) -> Sequence[str]: ...
    @property
    def debian(self) -> Sequence[str]: ...


TESTS, ARRAYS = "pytest>=8,<10", ("numpy>=2,<3", "scipy>=1.14,<2", "pandas>=2.2,<4")
SCIENCE = ("astropy>=7,<9", "biopython>=1.85,<2", "pint>=0.24,<1", "rdkit>=2025.3")
DEFAULTS = (
    Packages("bare"),
    Packages("python", (TESTS,)),
    Packages("science", (TESTS, *ARRAYS, "sympy>=1.13,<2", *SCIENCE)),
    Packages("ml", (TESTS, *ARRAYS, "scikit-learn>=1.6,<2")),
)
"""Images that there are without any setting; a listed image of the same name replaces one."""
RECORD = "image.json"
FILES = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000::/tmp:/bin/sh\n",
    "group": "root:x:0:\nagent:x:1000:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


class Images:
    """The images of a machine: the listed ones and the defaults, built in `folder` on first use."""

    def __init__(self, folder: Path, listed: Sequence[Listed] = ()) -> None:
        self.folder = folder
        self._known: dict[str, Listed] = {one.name: one for one in (*DEFAULTS, *listed)}

    def image(self, name: str) -> Image:
        """The image of that name, built if it is missing.

        Raises ImageError on an unknown name, and if a package cannot be installed.
        """
        if not (wanted := self._known.get(name)):
            known = ", ".join(sorted(self._known))
            raise ImageError(f"there is no image {name!r}: there are {known}; list it under [[sandbox.images]]")
        place = self.folder / f"{name}-{_key(wanted)}"
        if not (place / RECORD).exists():
            self._build(wanted, place)
        return image_of(name, json.loads((place / RECORD).read_text("utf-8"))["digest"], place)

    def _build(self, wanted: Listed, place: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / f".{place.name}.lock"):
            if (place / RECORD).exists():
                return
            for abandoned in self.folder.glob(f".{place.name}-*"):
                remove(abandoned)
            building = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=self.folder))
            try:
                _fill(wanted, building)
                _make_readable(building)
                building.rename(place)
            except BaseException:
                remove(building)
                raise


def _fill(wanted: Listed, folder: Path) -> None:
    for name in (PACKAGES, EMPTY, BIN, ETC):
        (folder / name).mkdir()
    install_python(wanted.python, folder / PACKAGES, folder / BIN)
    for name in ("python", "python3"):
        (folder / BIN / name).symlink_to(INTERPRETER / "bin" / Path(sys.executable).resolve().name)
    for name, text in FILES.items():
        (folder / ETC / name).write_text(text, "utf-8")
    for one in LIVE:
        (folder / ETC / one.name).mkdir() if one.is_dir() else (folder / ETC / one.name).touch()
    debian = install_debian(wanted.debian, folder) if wanted.debian else []
    content = [_key(wanted), *versions(folder / PACKAGES), *debian]
    digest = hashlib.sha256("\n".join(content).encode()).hexdigest()
    (folder / RECORD).write_text(json.dumps({"digest": digest, "packages": content[1:]}), "utf-8")


def _key(wanted: Listed) -> str:
    """Hash of all that a build starts from."""
    release = Path("/etc/os-release")
    start = [json.dumps([*wanted.python, "", *wanted.debian]), sys.version, str(INTERPRETER)]
    start += [release.read_text("utf-8")] if release.exists() else []
    return hashlib.sha256("\n".join(start).encode()).hexdigest()[:16]


def _make_readable(folder: Path) -> None:
    """Let every user read the image, whatever the umask was: commands run as an ordinary user."""
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod((mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0)) & ~0o222 | 0o200)
    folder.chmod(0o755)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
