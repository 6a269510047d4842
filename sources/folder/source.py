"""The folder source: Markdown, text and HTML files become documents with file: urls.

It uses the same frontier as the web source, so that a killed crawl resumes at the next file, and a file that
has not changed (size, modification time) is not read again.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict

from schemas.document import Document
from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission, KnownPage, Visit
from sources.status_codes import Status
from sources.text.document_builder import build_document, empty_document, redacted_page
from sources.text.extract import Layout
from sources.text.extraction_pool import ExtractionPool
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
"""Files held in memory."""
DRAIN_ROWS = 200
"""Ended files that trigger a part of the lake while the crawl goes on."""


class FolderConfig(BaseModel):
    """The folders to read and the limits of a file; the names are those of the settings' keys."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    folders: tuple[Path, ...] = ()
    max_bytes: int = 5_000_000
    license: str | None = None
    redact: bool = True


def configured(crawl: object) -> "FolderSource | None":
    """Build the source from the crawl settings; None if they name no folder."""
    config = FolderConfig.model_validate(crawl)
    return FolderSource(config) if config.folders else None


@dataclass(frozen=True)
class FolderSource:
    """All files below the configured folders."""

    config: FolderConfig
    name: str = "folder"

    def start_urls(self) -> list[Admission]:
        """Return every file below the folders. Raises NotCrawlable naming a folder that does not exist."""
        folders = [path.expanduser() for path in self.config.folders]
        missing = [path for path in folders if not path.is_dir()]
        if missing:
            raise NotCrawlable(f"crawl.folders: {missing[0]} is not a readable folder; correct or remove it")
        urls = dict.fromkeys(path.absolute().as_uri() for folder in folders for path in _files(folder))
        return [Admission(url, HOST, "file", 0, -1, place) for place, url in enumerate(urls)]

    async def crawl(self, run: CrawlRun) -> None:
        """Read every waiting file and end it with a row."""
        frontier, day = run.frontier, run.day
        total = len(frontier.take(day, HOST, limit=-1))
        done = 0
        while visits := frontier.take(day, HOST, CHUNK):
            for visit in visits:
                document = await _read(self.config, visit, frontier.known(visit.url), run.pool, run.run_id)
                frontier.finish(day, document, fetched=False)
                done += 1
                run.report(done, total, visit.url)
            run.drain(DRAIN_ROWS)
        run.drain()


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder in name order, without hidden files and links to folders."""
    for place, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


async def _read(
    config: FolderConfig, visit: Visit, known: KnownPage | None, pool: ExtractionPool, run_id: str
) -> Document:
    path = Path(unquote(urlsplit(visit.url).path, errors="surrogateescape"))
    try:
        version, body = _content(path, config.max_bytes, known)
    except _Refused as refusal:
        return empty_document(visit.url, run_id, refusal.status, source="folder", detail=refusal.detail)
    if body is None and known is not None:
        same = {"doc_id": known.doc_id, "content_sha256": known.content_sha256, "title": known.title}
        return empty_document(visit.url, run_id, Status.NOT_MODIFIED, source="folder", etag=version, **same)
    page = await pool.extract(body or b"", MEDIA_TYPES[path.suffix.lower()], "", visit.url, Layout())
    if config.redact:
        page = redacted_page(page)
    license_column = {} if page.license else {"license": config.license}
    return build_document(visit.url, run_id, page, source="folder", etag=version, **license_column)


class _Refused(Exception):
    def __init__(self, status: Status, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def _content(path: Path, max_bytes: int, known: KnownPage | None) -> tuple[str, bytes | None]:
    """Return the file's version and its bytes, which are None if that version is known. Raises _Refused."""
    try:
        entry = path.stat()
        version = f"{entry.st_size}-{entry.st_mtime_ns}"
        if not stat.S_ISREG(entry.st_mode):
            raise _Refused(Status.UNREADABLE, "not a regular file")
        if path.suffix.lower() not in MEDIA_TYPES:
            raise _Refused(Status.CONTENT_TYPE, f"files with the suffix {path.suffix!r} are not supported")
        if entry.st_size > max_bytes:
            raise _Refused(Status.TOO_LARGE, f"{entry.st_size} bytes, over {max_bytes}")
        return version, None if known is not None and known.etag == version else path.read_bytes()
    except OSError as error:
        raise _Refused(Status.UNREADABLE, error.strerror or str(error)) from error
