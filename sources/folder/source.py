"""The folder source: the files below local folders become documents with file: urls.

A file that has not changed (size, modification time) is not read again, and one that was deleted is gone.
"""

import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from os.path import normpath
from pathlib import Path

from pydantic import BaseModel

from sources.collections.collection import Content, Entry, LocalFile, RawPage, Refused, refused_entry
from sources.collections.config import SourceConfig
from sources.collections.files import walk
from sources.collections.source import CollectionSource
from sources.crawl_run import CrawlRun
from sources.folder.books import book_entries
from sources.folder.links import resolved
from sources.status_codes import Status
from sources.text.formats.extract_format import PDF, RST
from sources.urls import NotCrawlable

MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".rst": RST,
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".pdf": PDF,
}
BOOK = ".epub"


class FolderConfig(SourceConfig):
    """The folders to read."""

    paths: tuple[Path, ...]


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    return _source(FolderConfig.of(section, crawl), "crawl.sources.paths")


def configured_folders(crawl: object) -> CollectionSource | None:
    """Build the source of `crawl.folders`; None if the settings name no folder."""
    folders = getattr(crawl, "folders", ())
    if not folders:
        return None
    keys = {key: getattr(crawl, key) for key in ("license", "max_bytes", "redact", "obey_directives")}
    return _source(FolderConfig(name="folder", paths=tuple(folders), **keys), "crawl.folders")


def _source(config: FolderConfig, key: str) -> CollectionSource:
    return CollectionSource(config, partial(_find, config, key))


def _find(config: FolderConfig, key: str) -> list["Folder"]:
    folders = [Path(normpath(path.expanduser().absolute())) for path in config.paths]
    missing = [path for path in folders if not path.is_dir()]
    if missing:
        raise NotCrawlable(f"{key}: {missing[0]} is not a readable folder; correct or remove it")
    return [Folder(folder, config) for folder in folders]


@dataclass(frozen=True)
class Folder:
    """All files below one folder."""

    folder: Path
    config: FolderConfig
    is_complete: bool = True

    @property
    def url(self) -> str:
        """The folder's file: url."""
        return self.folder.as_uri()

    async def version(self, run: CrawlRun) -> str | None:
        """A folder has no version: its files are listed every night."""
        return None

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield every file and every chapter of a book, in the order of the names."""
        for path in walk(self.folder):
            if path.suffix.lower() == BOOK:
                for chapter in book_entries(path, self.config.max_bytes):
                    yield chapter
            else:
                yield self._entry(path)

    def count(self) -> int:
        """Return the number of files; a book is one."""
        return sum(1 for _ in walk(self.folder))

    def _entry(self, path: Path) -> Entry:
        try:
            entry = path.stat()
        except OSError as error:
            return refused_entry(path.as_uri(), Status.UNREADABLE, error.strerror or str(error))
        if refusal := _refusal(path, entry.st_mode, entry.st_size, self.config.max_bytes):
            return refused_entry(path.as_uri(), *refusal)
        version = f"{entry.st_size}-{entry.st_mtime_ns}"
        return Entry(path.as_uri(), partial(_read, path), version, resolve=partial(resolved, self.folder))


def _refusal(path: Path, mode: int, size: int, max_bytes: int) -> tuple[Status, str] | None:
    if not stat.S_ISREG(mode):
        return Status.UNREADABLE, "not a regular file"
    if path.suffix.lower() not in MEDIA_TYPES:
        return Status.CONTENT_TYPE, f"files with the suffix {path.suffix!r} are not supported"
    return (Status.TOO_LARGE, f"{size} bytes, over {max_bytes}") if size > max_bytes else None


async def _read(path: Path) -> Content:
    media_type = MEDIA_TYPES[path.suffix.lower()]
    if media_type == PDF:
        return LocalFile(path, media_type)
    try:
        return RawPage(await asyncio.to_thread(path.read_bytes), media_type)
    except OSError as error:
        raise Refused(Status.UNREADABLE, error.strerror or str(error)) from error
