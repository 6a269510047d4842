"""Finds the files of a collection, on this machine or in a bucket, and opens them as streams.

An address is a file, a folder, or a pattern such as `/data/*.warc.gz` or `s3://bucket/crawl/**/*.parquet`. Buckets
are read through Arrow's file system, which takes credentials and endpoint from the usual AWS variables and files.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from sources.collections.collection import Refused
from sources.status_codes import Status
from sources.urls import NotCrawlable

S3, HUB = "s3://", "hf://"
PATTERN = "*?["


@dataclass(frozen=True)
class StoredFile:
    """One file, with size and time of its last change; with `problem` if its address could not be listed."""

    url: str
    """file:///…, s3://bucket/key or hf://datasets/owner/name/path"""
    version: str = ""
    size: int = 0
    problem: str | None = None

    def present_version(self) -> str:
        """Return the version. Raises Refused if the address could not be listed."""
        if self.problem is not None:
            raise Refused(Status.UNREADABLE, self.problem)
        return self.version

    def open(self) -> BinaryIO:
        """Open the file for reading, with seeks. Raises Refused."""
        try:
            if self.url.startswith("file:"):
                return path_of(self.url).open("rb")
            system, path = _remote(self.url)
            return cast(BinaryIO, system.open_input_file(path))
        except OSError as error:
            raise Refused(Status.UNREADABLE, str(error.strerror or error)) from error


def path_of(url: str) -> Path:
    """Return the path of a file: url."""
    return Path(unquote(urlsplit(url).path, errors="surrogateescape"))


def find_files(addresses: Iterable[str], suffixes: tuple[str, ...], key: str) -> list[StoredFile]:
    """List the files at the addresses, each once; those of a folder by their suffix, in the order of their names.

    Raises NotCrawlable naming the settings' `key` if a local address leads to no file. A bucket that cannot be
    listed tonight is one file with a `problem`, so that it has a row and ends no crawl.
    """
    found: dict[str, StoredFile] = {}
    for address in addresses:
        remote = address.startswith((S3, HUB))
        files = list(_remote_files(address, suffixes) if remote else _local_files(address, suffixes))
        if not files:
            raise NotCrawlable(f"{key}: {address} leads to no file that ends in {' or '.join(suffixes)}; correct it")
        found |= {file.url: file for file in files}
    return list(found.values())


def walk(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder in name order, without hidden files and links to folders."""
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


def _local_files(address: str, suffixes: tuple[str, ...]) -> Iterator[StoredFile]:
    path = Path(os.path.normpath(Path(address).expanduser().absolute()))
    if path.is_dir():
        paths: Iterable[Path] = (one for one in walk(path) if one.name.endswith(suffixes))
    elif any(mark in address for mark in PATTERN) and not path.exists():
        paths = sorted(one for one in Path(path.anchor).glob(str(path.relative_to(path.anchor))) if one.is_file())
    else:
        paths = [path] if path.is_file() else []
    for one in paths:
        entry = one.stat()
        yield StoredFile(one.as_uri(), f"{entry.st_size}-{entry.st_mtime_ns}", entry.st_size)


def _remote_files(address: str, suffixes: tuple[str, ...]) -> Iterator[StoredFile]:
    from pyarrow.fs import FileSelector, FileType

    cut = min((place for mark in PATTERN if (place := address.find(mark)) >= 0), default=-1)
    try:
        system, start = _remote(address if cut < 0 else address[:cut].rpartition("/")[0])
        [entry] = system.get_file_info([start])
        is_file = entry.type == FileType.File
        entries = [entry] if is_file else system.get_file_info(FileSelector(start, recursive=True))
    except OSError as error:
        yield StoredFile(address, problem=f"it cannot be listed: {error}")
        return
    scheme = address.partition("://")[0]
    for entry in sorted(entries, key=lambda one: str(one.path)):
        url = f"{scheme}://{entry.path}"
        wanted = fnmatchcase(url, address) if cut >= 0 else is_file or url.endswith(suffixes)
        if entry.type == FileType.File and wanted:
            yield StoredFile(url, f"{entry.size}-{entry.mtime_ns}", entry.size)


def _remote(url: str) -> tuple[Any, str]:
    """Return an Arrow file system and the path in it."""
    from pyarrow.fs import FSSpecHandler, PyFileSystem, S3FileSystem

    scheme, _, path = url.partition("://")
    if f"{scheme}://" == S3:
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        return S3FileSystem(endpoint_override=endpoint), path
    try:
        from huggingface_hub import HfFileSystem
    except ImportError as error:
        raise NotCrawlable(f"{url}: install the extra `hf` to read the Hub: pip install horizon-factory[hf]") from error
    return PyFileSystem(FSSpecHandler(HfFileSystem())), path
