"""The programs of a sandboxed command, beside its workspace: those of the machine, an interpreter, an image's packages.

An image is a set of read-only mounts and a few variables. Nothing of it is copied per command.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.environments.sandbox.command import Mount

INTERPRETER = Path(sys.base_prefix)
"""The installation of the Python that runs the factory, without its packages."""
SYSTEM_PACKAGES = ("/usr/lib/python3/dist-packages", "/usr/lib/node_modules", "/usr/share/nodejs")
"""Packages of the machine that no image shows: a task's original code could be among them."""
LIVE = (Path("/etc/alternatives"), Path("/etc/ld.so.cache"))
"""Parts of the machine's /etc without which its programs do not start."""
PACKAGES = "packages"
EMPTY = "empty"
BIN = "bin"
ETC = "etc"
USR = "usr"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GOMAXPROCS")
"""Variables of libraries that would start a thread for each core of the machine: a command has one core."""
HOST = "/host"
"""The place of the machine's /usr inside an image that has one of its own."""


@dataclass(frozen=True)
class Image:
    """A built image."""

    name: str
    digest: str
    """Hash of its content: interpreter, packages with their versions, the machine's release."""
    mounts: tuple[Mount, ...]
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links at the top of the file system: name -> target."""
    environment: Mapping[str, str] = field(default_factory=dict)


def image_of(name: str, digest: str, folder: Path) -> Image:
    """The image that was built in this folder."""
    mounts = [*_system(folder), Mount(folder / ETC, "/etc"), Mount(folder / BIN, "/opt/bin")]
    mounts += [Mount(one, str(one)) for one in LIVE if one.exists()]
    if not INTERPRETER.is_relative_to("/usr"):
        mounts.append(Mount(INTERPRETER, str(INTERPRETER)))
    mounts += _packages(folder)
    return Image(name, digest, tuple(mounts), _links(), _environment())


def _system(folder: Path) -> list[Mount]:
    """The machine's /usr, or the image's own with the machine's below it, and top-level folders beside /usr."""
    apart = [Mount(one, str(one)) for one in _top() if not one.is_symlink()]
    if (folder / USR).is_dir():
        return [*apart, Mount(folder / USR, "/usr"), Mount(Path("/usr"), f"{HOST}/usr")]
    return [*apart, Mount(Path("/usr"), "/usr")]


def _top() -> list[Path]:
    names = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
    return [path for name in names if (path := Path("/", name)).exists()]


def _links() -> dict[str, str]:
    return {str(one): str(one.readlink()) for one in _top() if one.is_symlink()}


def _packages(folder: Path) -> list[Mount]:
    """The image's Python packages in the place of the interpreter's own, and nothing in other places of packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = [INTERPRETER / "lib" / version / "site-packages", Path("/usr/local/lib", version, "dist-packages")]
    places = [*own, *map(Path, SYSTEM_PACKAGES), *sorted(Path("/usr/local/lib").glob("python3*/*-packages"))]
    existing = list(dict.fromkeys(place for place in places if place.is_dir()))
    host = HOST if (folder / USR).is_dir() else ""
    targets = [f"{host}{place}" if place.is_relative_to("/usr") else str(place) for place in existing]
    shown = [PACKAGES] + [EMPTY] * len(targets)
    return [Mount(folder / name, target) for name, target in zip(shown, targets, strict=False)]


def _environment() -> dict[str, str]:
    return {
        "PATH": f"/opt/bin:{INTERPRETER / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",  # noqa: S108 - of the sandbox
        "TMPDIR": "/tmp",  # noqa: S108
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(THREADS, "1"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
