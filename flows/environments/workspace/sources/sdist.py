"""Source trees of packages: a source distribution of the package index, verified by its checksum.

The archive is only downloaded and unpacked. Neither its setup script nor its build backend runs, which excludes `pip
download`: pip prepares the metadata of every source distribution by running it.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx
from unearth import Link, PackageFinder
from unearth.errors import UnpackError

from flows.environments.workspace.sources.cache import TreeError, made_once
from flows.environments.workspace.sources.unpack import unpack_sdist

INDEX = "https://pypi.org/simple/"
MAX_ARCHIVE_BYTES = 64 * 2**20
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,80}[A-Za-z0-9])?")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+-]{0,40}")
SHA256 = re.compile(r"[0-9a-f]{64}")


def sdist_folder(tree: Mapping[str, object], sources_path: Path) -> Path:
    """The unpacked source distribution {name, version, sha256} in the cache, downloaded if it is missing.

    The index is that of PIP_INDEX_URL, or PyPI. Raises TreeError.
    """
    name, version, sha256 = (str(tree.get(key, "")) for key in ("name", "version", "sha256"))
    for value, pattern in ((name, NAME), (version, VERSION), (sha256, SHA256)):
        if not pattern.fullmatch(value):
            raise TreeError(f"a tree of kind sdist needs name, version and sha256; {value!r} is none of these")

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="archive-") as downloads:
            archive = Path(downloads) / f"{name}-{version}.tar.gz"
            _download(name, version, sha256, archive)
            unpack_sdist(archive, folder)

    return made_once(sources_path / "sdist" / f"{name}-{version}-{sha256[:16]}", make)


def _download(name: str, version: str, sha256: str, target: Path) -> None:
    index = os.environ.get("PIP_INDEX_URL") or INDEX
    finder = PackageFinder(index_urls=[index], no_binary=[":all:"], ignore_compatibility=True)
    try:
        found = finder.find_matches(f"{name}=={version}", allow_prereleases=True, allow_yanked=True)
        links = [one.link for one in found if not one.link.is_wheel]
        if not links:
            raise TreeError(f"{index} has no source distribution of {name} {version}: correct the list of packages")
        digest = max(_fetched(finder, link, target) for link in links[:1])
    except (httpx.HTTPError, OSError, UnpackError) as error:
        raise TreeError(f"{name} {version} could not be downloaded from {index}: {error}. Check the network") from error
    if digest != sha256:
        raise TreeError(f"{name} {version} has the sha256 {digest}, not {sha256}: do not use it")


def _fetched(finder: PackageFinder, link: Link, target: Path) -> str:
    """Download to a file; returns its sha256."""
    digest, n_bytes = hashlib.sha256(), 0
    with finder.session.get_stream(link.normalized.split("#")[0]) as reply, target.open("wb") as file:
        reply.raise_for_status()
        for block in reply.iter_bytes(1 << 20):
            n_bytes += len(block)
            if n_bytes > MAX_ARCHIVE_BYTES:
                raise TreeError(f"{link.filename} is larger than {MAX_ARCHIVE_BYTES:,} bytes: leave it out")
            digest.update(block)
            file.write(block)
    return digest.hexdigest()
