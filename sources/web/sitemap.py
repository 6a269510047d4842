"""Parses sitemaps, and RSS and Atom feeds as lists of links: the urls that a site lists, or further sitemaps.

The content decides what a file is, not its Content-Type: sites send sitemaps as text/html or octet-stream, gzipped or
in UTF-16. Parsing is lenient, resolves no entities, and returns at most MAX_URLS urls. lxml reads them, since the one
library for sitemaps fetches them itself, past robots.txt and the checks of addresses, and gives up at the first fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lxml import etree

from sources.http.decompress import BadCompression, TooLarge, gunzipped
from sources.http.media_type import is_binary
from sources.text.character_references import joined_halves
from sources.urls import normalise

MAX_URLS = 50_000
"""The limit of the sitemap protocol (sitemaps.org, 2008) for one file."""
MAX_BYTES = 50 * 1024 * 1024
"""The limit of the protocol for one file, unpacked."""
ANYWHERE_ON_EARTH = timedelta(hours=12)
"""A date without time ends last in the time zone twelve hours behind UTC."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ENTRIES = {"url": "loc", "sitemap": "loc", "item": "link", "entry": "link"}
"""Element of an entry → its child that holds the url."""
_ROOTS = {"urlset", "sitemapindex", "rss", "RDF", "feed"}


@dataclass(frozen=True)
class SitemapUrls:
    """The urls that a sitemap lists."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    modified: dict[str, datetime] = field(default_factory=dict)
    """url of a page → the last moment at which it was modified, as the sitemap has it"""


def parse_sitemap(body: bytes, url: str, max_bytes: int = MAX_BYTES) -> SitemapUrls | None:
    """Return the normalised urls of a sitemap or feed; None if the body is neither.

    `body` may be gzipped, XML or plain text with a url a line, in any encoding that its byte order mark or XML
    declaration names.
    """
    try:
        plain = gunzipped(body, max_bytes)
    except (TooLarge, BadCompression):
        return None
    text = _marked_text(plain)
    if text is not None:
        plain = text.encode("utf-8", "replace")
    if plain.lstrip()[:1] == b"<":
        return _from_xml(plain.lstrip(), url, has_decoded=text is not None)
    return None if is_binary(plain) else _from_text(plain.decode("utf-8", "replace"), url)


def _marked_text(plain: bytes) -> str | None:
    """Decode a body that begins with a byte order mark; None without one."""
    for mark, encoding in _BOMS:
        if plain.startswith(mark):
            return plain.decode(encoding, "replace")
    return None


def _from_text(text: str, url: str) -> SitemapUrls | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    absolute = [line for line in lines if line.lower().startswith(("http://", "https://"))]
    return SitemapUrls(pages=_unique(absolute, url)) if absolute else None


def _from_xml(plain: bytes, url: str, *, has_decoded: bool) -> SitemapUrls | None:
    encoding = "utf-8" if has_decoded else None  # what the declaration names is no longer true
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, recover=True, load_dtd=False, huge_tree=False, encoding=encoding
    )
    try:
        root = etree.fromstring(joined_halves(plain), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or _name(root) not in _ROOTS:
        return None
    entries = [(kind, href, modified) for kind, href, modified in _entries(root)]
    pages = [href for kind, href, _ in entries if kind != "sitemap"]
    sitemaps = [href for kind, href, _ in entries if kind == "sitemap"]
    dated = ((normalise(href, within=url), date) for kind, href, date in entries if kind == "url" and date)
    modified = {page: moment for page, date in dated if page and (moment := latest_moment(date))}
    return SitemapUrls(_unique(pages, url), _unique(sitemaps, url), modified)


def _entries(root: "etree._Element") -> Iterator[tuple[str, str, str]]:
    """Yield (element, url, lastmod) of each entry; urls of images and videos inside an entry are none."""
    found = 0
    for element in root.iter():
        kind = _name(element)
        href = _href(element, _ENTRIES[kind]) if kind in _ENTRIES else ""
        if href:
            found += 1
            yield kind, href, _child_text(element, "lastmod")
        if found == MAX_URLS:
            return


def _href(entry: "etree._Element", name: str) -> str:
    for child in entry:
        if _name(child) == name and child.get("rel", "alternate") == "alternate":
            href = (child.get("href") or child.text or "").strip()
            if href and _space(child) == _space(entry):
                return href
    return ""


def _child_text(entry: "etree._Element", name: str) -> str:
    return next(((child.text or "").strip() for child in entry if _name(child) == name), "")


def _name(element: "etree._Element") -> str:
    """The name without its namespace, or the prefix of one that the file does not declare."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


def _space(element: "etree._Element") -> str:
    return str(element.tag).removesuffix(_name(element))


def latest_moment(lastmod: str) -> datetime | None:
    """Return the last moment that a W3C date means, such as 2026-03 (its last day) or 2026-03-01T10:00Z; else None."""
    try:
        if len(lastmod) > 10:
            moment = datetime.fromisoformat(lastmod.strip())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC) + ANYWHERE_ON_EARTH
        year, month, day = (int(part) for part in [*lastmod.split("-"), "0", "0"][:3])
        if day:
            after = datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)
        else:
            after = datetime(year + (month in (0, 12)), month % 12 + 1 if month else 1, 1, tzinfo=UTC)
        return after + ANYWHERE_ON_EARTH
    except (ValueError, OverflowError):
        return None


def _unique(hrefs: list[str], url: str) -> tuple[str, ...]:
    urls = (normalise(href, within=url) for href in hrefs[:MAX_URLS])
    return tuple(dict.fromkeys(found for found in urls if found))
