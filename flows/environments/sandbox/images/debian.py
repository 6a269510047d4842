"""Adds Debian packages to an image without root: downloads them, unpacks them, and lays the machine's /usr under them.

The image's /usr holds the files of the packages, and links to everything else, which the machine has at /host/usr
inside. Scripts of packages do not run, so alternatives such as `cc` are those of the machine.
"""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from flows.environments.sandbox.images.image import HOST
from flows.environments.sandbox.images.packages import ImageError, run

INSTALLED = re.compile(r"^Inst (?P<name>\S+) (?:\[[^]]*\] )?\((?P<version>\S+) ", re.MULTILINE)
REMOVED = re.compile(r"^Remv (\S+)", re.MULTILINE)
MERGED = ("bin", "sbin", "lib", "lib32", "lib64")
"""Top-level folders that are links into /usr."""


def install_debian(packages: Sequence[str], folder: Path) -> list[str]:
    """Unpack packages, with what they need beyond the machine's, into `usr` and `etc` of a folder.

    Returns name=version of each; none if the machine has all of them. Raises ImageError.
    """
    wanted = _missing(packages)
    if not wanted:
        return []
    unpacked, archives = folder / ".unpacked", folder / ".archives"
    unpacked.mkdir()
    archives.mkdir()
    run(["apt-get", "download", "-qq", "--", *wanted], "apt-get download", archives)
    for archive in sorted(archives.glob("*.deb")):
        run(["dpkg-deb", "-x", str(archive), str(unpacked)], "dpkg-deb")
    for name in MERGED:
        if (unpacked / name).is_dir():
            shutil.copytree(unpacked / name, unpacked / "usr" / name, symlinks=True, dirs_exist_ok=True)
    _overlay(Path("/usr"), unpacked / "usr", folder / "usr")
    if (unpacked / "etc").is_dir():
        shutil.copytree(unpacked / "etc", folder / "etc", symlinks=True, dirs_exist_ok=True)
    for made in (unpacked, archives):
        shutil.rmtree(made)
    return wanted


def _missing(packages: Sequence[str]) -> list[str]:
    """name=version of the packages that apt would install."""
    plan = run(["apt-get", "-s", "-qq", "--no-install-recommends", "install", "--", *packages], "apt-get")
    if removed := REMOVED.findall(plan):
        raise ImageError(f"{', '.join(packages)} cannot be installed beside {', '.join(removed)} of this machine")
    return [f"{found['name']}={found['version']}" for found in INSTALLED.finditer(plan)]


def _overlay(host: Path, own: Path, target: Path) -> None:
    """Make `target` of the entries of `own`, moved, and of links to those that only the machine has."""
    target.mkdir()
    ours = {entry.name: entry for entry in os.scandir(own)}
    for entry in os.scandir(host):
        if entry.name not in ours:
            (target / entry.name).symlink_to(f"{HOST}{entry.path}")
    for name, entry in ours.items():
        if entry.is_dir(follow_symlinks=False) and (host / name).is_dir():
            _overlay(host / name, own / name, target / name)
        else:
            (own / name).rename(target / name)
