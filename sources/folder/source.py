"""The folder source: Markdown, text and HTML files become documents with file: urls.

It keeps its account in the same frontier as the web, so that a killed night goes on with the next file,
and a file that has not changed is not read again.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from schemas.document import Document
from sources.crawl_run import Night
from sources.frontier.frontier import Admission, Known, Visit
from sources.status_codes import Status
from sources.text.document_builder import Found, bare, document, without_secrets
from sources.text.extract import Layout, extract
from sources.text.extraction_pool import SeatDied, Seats
from sources.urls import NotCrawlable

HOST = "file:"
MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".rst": "text/plain",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
}
CHUNK = 500
DRAIN_ROWS = 200


@dataclass(frozen=True)
class Folders:
    """Which folders are read, and how much of a file."""

    paths: tuple[Path, ...]
    max_bytes: int = 5_000_000
    license: str | None = None
    redact: bool = True


def admit(folders: Folders, night: Night) -> None:
    """Let every file wait for the night; raises NotCrawlable naming a folder that is none."""
    missing = [path for path in folders.paths if not path.is_dir()]
    if missing:
        raise NotCrawlable(f"crawl.folders: {missing[0]} is no folder that can be read; correct or remove it")
    urls = dict.fromkeys(path.absolute().as_uri() for folder in folders.paths for path in _files(folder))
    night.frontier.admit(night.day, (Admission(url, HOST, "file", 0, -1, place) for place, url in enumerate(urls)))


async def read_all(folders: Folders, night: Night) -> None:
    """Read what waits for the night, and end every file with a row; may be stopped and called again at any point."""
    frontier, day = night.frontier, night.day
    total = len(frontier.take(day, HOST, most=-1))
    done = 0
    async with Seats() as seats:
        while visits := frontier.take(day, HOST, CHUNK):
            for visit in visits:
                known = frontier.known(visit.url)
                frontier.finish(day, await _read(folders, visit, known, seats, night.run_id), fetched=False)
                done += 1
                night.report(done, total, visit.url)
            night.drain(DRAIN_ROWS)
    night.drain()


def _files(folder: Path) -> Iterator[Path]:
    """All files below, in name order; hidden ones and links to folders are left out."""
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


async def _read(folders: Folders, visit: Visit, known: Known | None, seats: Seats, run_id: str) -> Document:
    path = Path(unquote(urlsplit(visit.url).path, errors="surrogateescape"))
    try:
        version, body = _content(path, folders.max_bytes, known)
    except _Refused as refusal:
        return bare(visit.url, run_id, refusal.status, source="folder", detail=refusal.detail)
    if body is None and known is not None:
        same = {"doc_id": known.doc_id, "content_sha256": known.content_sha256, "title": known.title}
        return bare(visit.url, run_id, Status.NOT_MODIFIED, source="folder", etag=version, **same)
    found = await _extracted(seats, body or b"", path, visit.url)
    if folders.redact:
        found = without_secrets(found)
    licensed = {} if found.license else {"license": folders.license}
    return document(visit.url, run_id, found, source="folder", etag=version, **licensed)


class _Refused(Exception):
    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def _content(path: Path, max_bytes: int, known: Known | None) -> tuple[str, bytes | None]:
    """The file's version and its bytes, which are None when they are known; raises _Refused."""
    try:
        entry = path.stat()
        version = f"{entry.st_size}-{entry.st_mtime_ns}"
        if not stat.S_ISREG(entry.st_mode):
            raise _Refused(Status.UNREADABLE, "this is no regular file")
        if path.suffix.lower() not in MEDIA_TYPES:
            raise _Refused(Status.CONTENT_TYPE, f"files with the suffix {path.suffix!r} are not read")
        if entry.st_size > max_bytes:
            raise _Refused(Status.TOO_LARGE, f"{entry.st_size} bytes, over {max_bytes}")
        return version, None if known is not None and known.etag == version else path.read_bytes()
    except OSError as error:
        raise _Refused(Status.UNREADABLE, error.strerror or str(error)) from error


async def _extracted(seats: Seats, body: bytes, path: Path, url: str) -> Found:
    try:
        return await seats.call(extract, body, MEDIA_TYPES[path.suffix.lower()], "", url, Layout())
    except SeatDied as error:
        return Found(Status.EXTRACTION_FAILED, str(error))
    except Exception as error:  # whatever a parser trips over is the file's fault, not the night's
        return Found(Status.EXTRACTION_FAILED, f"{type(error).__name__}: {error}"[:500])
