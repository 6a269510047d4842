"""Images are built once, whole or not at all, from lists that cannot smuggle options to the package clients."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.environments.sandbox import Command, Images, Sandbox, Slots, availability
from flows.environments.sandbox.images.images import Packages
from flows.environments.sandbox.images.packages import ImageError
from flows.settings import SettingsError, load


@pytest.mark.parametrize(
    ("key", "package"),
    [
        ("python", "--index-url=http://evil.example"),
        ("python", "-r/etc/passwd"),
        ("python", "evil @ https://evil.example/evil.whl"),
        ("python", "numpy; rm -rf /"),
        ("python", "../evil"),
        ("debian", "-o=APT::Update::Pre-Invoke::=id"),
        ("debian", "./evil.deb"),
        ("debian", "tcc; id"),
        ("debian", "Tcc"),
    ],
)
def test_a_package_s_name_is_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, package: str) -> None:
    """A pasted list would else install from anywhere, or run a command as the factory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "factory.toml").write_text(f"[[sandbox.images]]\nname = 'mine'\n{key} = [{package!r}]\n")
    with pytest.raises(SettingsError, match=f"sandbox.images.0.{key}"):
        load()


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    """Half an image would give each attempt other packages than its task was checked with."""
    images = Images(tmp_path, [Packages("broken", ("pytest<0.0.1",))])
    with pytest.raises(ImageError, match="pip"):
        images.image("broken")
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def test_an_unknown_image_names_the_known_ones(tmp_path: Path) -> None:
    """A misspelt name in a task must be mended by whoever reads the error."""
    with pytest.raises(ImageError, match=r"bare, ml, python, science"):
        Images(tmp_path).image("pyhton")


def test_an_image_is_built_once(tmp_path: Path) -> None:
    """Attempts that start together must share one image, however many need it at once."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: Images(tmp_path).image("bare"), range(8)))
    assert len(set(map(str, made))) == 1
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_a_killed_build_is_cleared_by_the_next(tmp_path: Path) -> None:
    """Builds that were killed would fill the cache with packages that no image uses."""
    [made] = {mount.source.parent for mount in Images(tmp_path).image("bare").mounts if mount.target == "/etc"}
    made.rename(tmp_path / f".{made.name}-killed")
    Images(tmp_path).image("bare")
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [made]


def test_an_image_can_be_read_by_an_ordinary_user(tmp_path: Path) -> None:
    """Under a strict umask the command, which root runs as another user, would find an image that it cannot read."""
    before = os.umask(0o077)
    try:
        Images(tmp_path).image("bare")
    finally:
        os.umask(before)
    [folder] = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert not [path for path in (folder, *folder.rglob("*")) if not path.is_symlink() and path.stat().st_mode & 4 == 0]


@pytest.mark.slow
def test_debian_packages_are_laid_over_the_machine(sandbox: Sandbox, tmp_path: Path, workspace: Path) -> None:
    """A language whose tools are a Debian package away must not need root on every machine."""
    if subprocess.run(["apt-cache", "show", "lua5.4"], capture_output=True, check=False).returncode:
        pytest.skip("this machine has no lists of Debian packages: apt-get update")
    image = Images(tmp_path, [Packages("lua", (), ("lua5.4",))]).image("lua")
    script = 'lua5.4 -e "print(1 + 1)"; perl -e "print 3, qq(\\n)"; touch /usr/bin/x || echo closed'
    done = Sandbox(image, Slots(1)).run(Command(("sh", "-c", script), workspace))
    assert [line for line in done.output.split(b"\n") if not line.startswith(b"touch")] == [b"2", b"3", b"closed", b""]


def test_a_machine_without_bubblewrap_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the package's name the owner of a fresh machine has to search for it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = availability.unavailable.__wrapped__()
    assert reason == "bwrap is missing: install the Debian package bubblewrap (apt-get install bubblewrap)"


def test_a_machine_that_forbids_user_namespaces_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A refusal without its reason would be answered by a weaker sandbox."""
    for name in ("bwrap", "setpriv"):
        (tmp_path / name).write_text(f"#!{sys.executable}\nimport sys\nsys.exit('setting up uid map: denied')\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    reason = availability.unavailable.__wrapped__()
    assert reason
    assert "setting up uid map: denied" in reason
    assert "allow user namespaces" in reason
