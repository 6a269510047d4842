"""Source trees of packages in JavaScript: an archive of npm's registry, verified by its checksum.

The archive is only downloaded and unpacked: no script of the package runs, and nothing that it depends on is installed.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from flows.environments.workspace.sources.cache import TreeError, made_once
from flows.environments.workspace.sources.sdist import MAX_ARCHIVE_BYTES, SHA256, VERSION
from flows.environments.workspace.sources.unpack import unpack_sdist

REGISTRY = "https://registry.npmjs.org/"
NAME = re.compile(r"(?:@[a-z0-9][a-z0-9._-]{0,80}/)?[a-z0-9][a-z0-9._-]{0,80}")
TIMEOUT_S = 60


def npm_folder(tree: Mapping[str, object], sources_path: Path) -> Path:
    """The unpacked archive {name, version, sha256} in the cache, downloaded if it is missing.

    The registry is that of NPM_CONFIG_REGISTRY, or npm's own. Raises TreeError.
    """
    name, version, sha256 = (str(tree.get(key, "")) for key in ("name", "version", "sha256"))
    for value, pattern in ((name, NAME), (version, VERSION), (sha256, SHA256)):
        if not pattern.fullmatch(value):
            raise TreeError(f"a tree of kind npm needs name, version and sha256; {value!r} is none of these")
    plain = name.rpartition("/")[2]

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="archive-") as downloads:
            archive = Path(downloads) / f"{plain}-{version}.tgz"
            _download(f"{name}/-/{archive.name}", sha256, archive)
            unpack_sdist(archive, folder)

    return made_once(sources_path / "npm" / f"{name.strip('@').replace('/', '-')}-{version}-{sha256[:16]}", make)


def _download(path: str, sha256: str, target: Path) -> None:
    registry = (os.environ.get("NPM_CONFIG_REGISTRY") or REGISTRY).rstrip("/")
    digest, n_bytes = hashlib.sha256(), 0
    try:
        with httpx.stream("GET", f"{registry}/{path}", timeout=TIMEOUT_S, follow_redirects=True) as reply:
            reply.raise_for_status()
            with target.open("wb") as file:
                for block in reply.iter_bytes(1 << 20):
                    n_bytes += len(block)
                    if n_bytes > MAX_ARCHIVE_BYTES:
                        raise TreeError(f"{path} is larger than {MAX_ARCHIVE_BYTES:,} bytes: leave it out")
                    digest.update(block)
                    file.write(block)
    except httpx.HTTPError as error:
        raise TreeError(f"{path} could not be downloaded from {registry}: {error}. Check the network") from error
    if digest.hexdigest() != sha256:
        raise TreeError(f"{path} has the sha256 {digest.hexdigest()}, not {sha256}: do not use it")
