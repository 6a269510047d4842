"""The chapters of an EPUB in reading order: a zip of XHTML files, with a package file that lists them.

Only the package is read here. A chapter is a page of its own, and its bytes go through the extractor of web pages, so
that links between chapters are links between pages. No file is unpacked to the disk, and none beyond the size limit.
"""

import posixpath
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote, unquote

from lxml import etree

from sources.text.character_references import joined_halves

CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
MAX_PACKAGE_BYTES = 10_000_000
FAULTS = (
    zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, OSError, EOFError, KeyError, ValueError, RuntimeError
)  # fmt: skip
"""Errors that a damaged or hostile file can raise anywhere in it."""
CHAPTER_TYPES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}


class BadBook(Exception):
    """The file is no readable EPUB, or a chapter of it cannot be read."""


@dataclass(frozen=True)
class Chapter:
    """One file of the reading order."""

    name: str
    """path inside the zip"""
    version: str
    """checksum and size of the unpacked bytes"""
    is_encrypted: bool = False

    def url(self, book: str) -> str:
        """Return the chapter's address, below that of the book."""
        return f"{book}/{quote(self.name)}"


@dataclass(frozen=True)
class Book:
    """The package file: reading order and metadata."""

    chapters: tuple[Chapter, ...]
    missing: tuple[str, ...]
    """chapters that the reading order names and the zip does not hold"""
    title: str | None
    lang: str | None
    rights: str | None


def read_book(file: BinaryIO) -> Book:
    """Read the package of an EPUB. Raises BadBook."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _book(archive)
    except FAULTS as error:
        raise BadBook(f"not a readable EPUB: {error}") from error


def read_chapter(file: BinaryIO, name: str, max_bytes: int) -> bytes:
    """Return the bytes of a file of the book. Raises BadBook."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _limited(archive, name, max_bytes)
    except FAULTS as error:
        raise BadBook(f"{name} cannot be unpacked: {error}") from error


def _book(archive: zipfile.ZipFile) -> Book:
    root = _xml(archive, CONTAINER)
    place = root.xpath("string(//*[local-name()='rootfile']/@full-path)")
    package = _xml(archive, str(place))
    files = {
        one.get("id"): one.get("href", "")
        for one in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
        if one.get("media-type", "").lower() in CHAPTER_TYPES
    }
    order = [one.get("idref") for one in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']")]
    folder = posixpath.dirname(str(place))
    names = [posixpath.normpath(posixpath.join(folder, unquote(files[one]))) for one in order if one in files]
    present, hidden = {info.filename: info for info in archive.infolist()}, _encrypted(archive)
    chapters = [
        Chapter(name, f"{present[name].CRC:08x}-{present[name].file_size}", name in hidden)
        for name in dict.fromkeys(names)
        if name in present
    ]
    missing = tuple(name for name in dict.fromkeys(names) if name not in present)
    return Book(tuple(chapters), missing, *(_metadata(package, name) for name in ("title", "language", "rights")))


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """Return the names of encrypted files: fonts in many books, all chapters in books with rights management."""
    if ENCRYPTION not in archive.namelist():
        return set()
    references = _xml(archive, ENCRYPTION).xpath("//*[local-name()='CipherReference']/@URI")
    return {unquote(str(one)) for one in references}


def _metadata(package: etree._Element, name: str) -> str | None:
    text = " ".join(str(package.xpath(f"string(//*[local-name()='metadata']/*[local-name()='{name}'])")).split())
    return text[:300] or None


def _xml(archive: zipfile.ZipFile, name: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    root = etree.fromstring(joined_halves(_limited(archive, name, MAX_PACKAGE_BYTES)), parser)
    if root is None:
        raise ValueError(f"{name} is not XML")
    return root


def _limited(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    with archive.open(name) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"over {max_bytes} bytes")
    return content
