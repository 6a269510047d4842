"""Entries of a ZIM file, by libzim, with its errors as reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources.collections.collection import Refused
from sources.status_codes import Status
from sources.urls import NotCrawlable

HTML = ("text/html", "application/xhtml+xml")
MAX_HOPS = 10
LIBRARY_ERRORS = (RuntimeError, KeyError, IndexError, ValueError, OSError)


@dataclass(frozen=True)
class ZimEntry:
    """An HTML article or a redirect of the file."""

    path: str
    index: int
    title: str
    target: str | None = None
    """path that a redirect leads to; None for an article"""
    problem: str | None = None
    """why the entry cannot be read"""


class ZimArchive:
    """An open file. Raises Refused if it is no ZIM file."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = _library().Archive(path)
        except LIBRARY_ERRORS as error:
            raise Refused(Status.DAMAGED, f"not a readable ZIM file: {error}") from error

    @property
    def article_count(self) -> int:
        return int(self._archive.article_count)

    def metadata(self, name: str) -> str | None:
        """Return a text of the file's metadata, such as Name, License, Language; None without it."""
        try:
            return bytes(self._archive.get_metadata(name)).decode("utf-8", "replace").strip() or None
        except LIBRARY_ERRORS:
            return None

    def entries(self) -> Iterator[ZimEntry]:
        """Yield the HTML articles and the redirects, in the order of the file's paths."""
        for index in range(self._archive.entry_count):
            try:
                entry = self._archive._get_entry_by_id(index)  # the library has no public iterator
                path, title = entry.path, entry.title
                if entry.is_redirect:
                    yield ZimEntry(path, index, title, self._end(entry))
                elif entry.get_item().mimetype.partition(";")[0].strip() in HTML:
                    yield ZimEntry(path, index, title)
            except LIBRARY_ERRORS as error:
                yield ZimEntry(f"entry-{index}", index, "", problem=str(error))

    def content(self, index: int, max_bytes: int) -> bytes:
        """Return the bytes of an article. Raises Refused."""
        try:
            item = self._archive._get_entry_by_id(index).get_item()
            if item.size > max_bytes:
                raise Refused(Status.TOO_LARGE, f"{item.size} bytes, over {max_bytes}")
            return bytes(item.content)
        except LIBRARY_ERRORS as error:
            raise Refused(Status.DAMAGED, f"the article cannot be unpacked: {error}") from error

    def target(self, path: str) -> str | None:
        """Return the path of the article that a path leads to, over redirects; None if there is none."""
        try:
            entry = self._archive.get_entry_by_path(path)
            return self._end(entry) if entry.is_redirect else str(entry.path)
        except LIBRARY_ERRORS:
            return None

    def _end(self, entry: Any) -> str:
        for _ in range(MAX_HOPS):
            if not entry.is_redirect:
                break
            entry = entry.get_redirect_entry()
        return str(entry.path)


def _library() -> Any:
    try:
        import libzim.reader
    except ImportError as error:
        raise NotCrawlable("ZIM files need the extra `zim`: pip install horizon-factory[zim]") from error
    return libzim.reader
