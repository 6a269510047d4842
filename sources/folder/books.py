"""The chapters of an EPUB file as entries of its folder."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sources.collections.collection import Entry, RawPage, Refused, refused_entry
from sources.status_codes import Status
from sources.text.formats.epub import BadBook, Book, Chapter, read_book, read_chapter


def book_entries(path: Path, max_bytes: int) -> Iterator[Entry]:
    """Yield the chapters of a book in reading order; an unreadable book is one entry with the reason."""
    url = path.as_uri()
    try:
        with path.open("rb") as file:
            book = read_book(file)
    except OSError as error:
        yield refused_entry(url, Status.UNREADABLE, error.strerror or str(error))
        return
    except BadBook as error:
        yield refused_entry(url, Status.DAMAGED, str(error))
        return
    if not book.chapters and not book.missing:
        yield refused_entry(url, Status.EXTRACTION_EMPTY, "the reading order of the book is empty")
    for name in book.missing:
        yield refused_entry(f"{url}/{name}", Status.DAMAGED, "the book lists this chapter and does not hold it")
    for chapter in book.chapters:
        yield _entry(path, chapter, book, max_bytes)


def _entry(path: Path, chapter: Chapter, book: Book, max_bytes: int) -> Entry:
    url = chapter.url(path.as_uri())
    if chapter.is_encrypted:
        return refused_entry(url, Status.ENCRYPTED, "the chapter is encrypted (rights management)")
    columns: dict[str, Any] = {"title": book.title, "lang": book.lang, "license": book.rights}
    read = partial(_read, path, chapter.name, max_bytes)
    return Entry(url, read, chapter.version, {key: value for key, value in columns.items() if value})


async def _read(path: Path, name: str, max_bytes: int) -> RawPage:
    def unpacked() -> bytes:
        with path.open("rb") as file:
            return read_chapter(file, name, max_bytes)

    try:
        return RawPage(await asyncio.to_thread(unpacked), "application/xhtml+xml")
    except OSError as error:
        raise Refused(Status.UNREADABLE, error.strerror or str(error)) from error
    except BadBook as error:
        raise Refused(Status.DAMAGED, str(error)) from error
