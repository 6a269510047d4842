"""Reads the pages of an XML dump as a stream: plain, gzip, bzip2 (also multistream) or zstd.

Only one page is held in memory, and of a dump with history only its newest revision. A dump that ends within a page,
or whose compression is damaged, gives the pages before that place, and then an error.
"""

import bz2
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, cast

import pyarrow
from lxml import etree

from sources.collections.files import StoredFile
from sources.mediawiki.titles import WikiAddresses

SUFFIXES = (".xml", ".xml.gz", ".xml.bz2", ".xml.zst")


class DumpBroken(Exception):
    """The dump cannot be read any further. The message gives the reason and the last page before it."""


@dataclass(frozen=True)
class DumpSite:
    """The head of a dump: the wiki's name, language, addresses."""

    name: str
    lang: str | None
    addresses: WikiAddresses


@dataclass
class DumpPage:
    """The newest revision of one page."""

    title: str = ""
    namespace: int = 0
    redirect: str | None = None
    """title that it leads to"""
    revision: int = 0
    timestamp: str | None = None
    model: str = "wikitext"
    text: str | None = None
    """None if the wiki's administrators have hidden it"""


@dataclass
class DumpReader:
    """The pages of one dump file. `site` is known once the first page has been read."""

    file: StoredFile
    site: DumpSite = field(default_factory=lambda: DumpSite("", None, WikiAddresses("")))

    def pages(self) -> Iterator[DumpPage]:
        """Yield the pages in the order of the file. Raises Refused, and DumpBroken where it is cut off."""
        page, title = DumpPage(), ""
        try:
            with _opened(self.file) as stream:
                for element in _elements(stream):
                    name = etree.QName(element).localname
                    if name == "siteinfo":
                        self.site = _site(element)
                    elif name == "revision":
                        _take_revision(page, element)
                    else:
                        _take_head(page, element)
                        title = page.title
                        yield page
                        page = DumpPage()
        except (etree.XMLSyntaxError, EOFError, OSError, zlib.error, pyarrow.ArrowException) as error:
            after = f"after the page {title!r}" if title else "before the first page"
            raise DumpBroken(f"{after}: {_reason(error)}") from error


@contextmanager
def _opened(file: StoredFile) -> Iterator[IO[bytes]]:
    """Open a dump for reading, decompressed by its suffix. Raises Refused."""
    with file.open() as raw:
        if file.url.endswith(".bz2"):
            with bz2.open(raw) as stream:
                yield stream
        elif file.url.endswith(".gz"):
            with gzip.open(raw) as stream:
                yield cast(IO[bytes], stream)
        elif file.url.endswith(".zst"):
            with pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, "r"), "zstd") as stream:
                yield cast(IO[bytes], stream)
        else:
            yield raw


def _elements(stream: IO[bytes]) -> Iterator[etree._Element]:
    """Yield each siteinfo, revision and page at its end, and free it afterwards."""
    tags = ("{*}siteinfo", "{*}revision", "{*}page")
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    for _, element in etree.iterparse(stream, events=("end",), tag=tags, **options):
        yield element
        element.clear()
        parent, before = element.getparent(), element.getprevious()
        if parent is not None and before is not None and before.tag == element.tag:
            parent.remove(before)


def _site(element: etree._Element) -> DumpSite:
    names = {
        (space.text or "").lower(): int(space.get("key", "0"))
        for space in element.iterfind("{*}namespaces/{*}namespace")
        if space.text
    }
    case = _text(element, "case") or "first-letter"
    addresses = WikiAddresses.around(_text(element, "base") or "", names, first_letter=case == "first-letter")
    root = element.getparent()
    lang = root.get("{http://www.w3.org/XML/1998/namespace}lang") if root is not None else None
    return DumpSite(_text(element, "sitename") or "", lang, addresses)


def _take_revision(page: DumpPage, element: etree._Element) -> None:
    revision = int(_text(element, "id") or 0)
    if revision < page.revision:
        return
    page.revision, page.timestamp = revision, _text(element, "timestamp")
    page.model = _text(element, "model") or "wikitext"
    text = element.find("{*}text")
    hidden = text is None or text.get("deleted") is not None
    page.text = None if hidden else text.text or ""


def _take_head(page: DumpPage, element: etree._Element) -> None:
    page.title = _text(element, "title") or ""
    page.namespace = int(_text(element, "ns") or 0)
    redirect = element.find("{*}redirect")
    page.redirect = redirect.get("title") if redirect is not None else None


def _text(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{{*}}{name}")
    return found.text if found is not None else None


def _reason(error: Exception) -> str:
    if isinstance(error, etree.XMLSyntaxError):
        return f"the XML ends or is damaged there ({error.msg})"
    return f"{type(error).__name__}: {error}"
