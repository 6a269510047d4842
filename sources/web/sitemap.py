"""Sitemaps: the urls that a site itself lists, or further sitemaps that do.

Read leniently, and never trusted: entities are not resolved, the number of urls is bounded.
"""

import zlib
from dataclasses import dataclass

from lxml import etree

from sources.http.decompress import BadCompression, Body, TooLarge
from sources.urls import normalise

MAX_URLS = 50_000
"""As the protocol allows in one file."""


@dataclass(frozen=True)
class Listed:
    """What a sitemap lists."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read(body: bytes, url: str, max_bytes: int) -> Listed | None:
    """The normalised urls of a sitemap (XML, text, or either gzipped); None when it is none."""
    try:
        plain = _unzipped(body, max_bytes)
    except (TooLarge, BadCompression, zlib.error):
        return None
    if plain.lstrip()[:1] != b"<":
        return Listed(pages=_urls(plain.decode("utf-8", "replace").splitlines(), url))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, load_dtd=False)
    try:
        root = etree.fromstring(plain, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None:
        return None
    found = _urls(list(root.xpath("//*[local-name()='loc']/text()")), url)
    is_index = etree.QName(root).localname == "sitemapindex"
    return Listed(sitemaps=found) if is_index else Listed(pages=found)


def _unzipped(body: bytes, max_bytes: int) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    plain = Body("gzip", max_bytes)
    plain.add(body)
    return plain.whole()


def _urls(texts: list[str], url: str) -> tuple[str, ...]:
    known = (normalise(text, within=url) for text in texts[:MAX_URLS] if text.strip())
    return tuple(dict.fromkeys(found for found in known if found))
