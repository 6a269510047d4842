"""Parses sitemaps: the urls that a site lists, or further sitemaps.

Parsing is lenient, resolves no entities, and returns at most MAX_URLS urls.
"""

import zlib
from dataclasses import dataclass

from lxml import etree

from sources.http.decompress import BadCompression, Body, TooLarge
from sources.urls import normalise

MAX_URLS = 50_000
"""The limit of the sitemap protocol (sitemaps.org, 2008) for one file."""


@dataclass(frozen=True)
class SitemapUrls:
    """The urls that a sitemap lists."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def parse_sitemap(body: bytes, url: str, max_bytes: int) -> SitemapUrls | None:
    """Return the normalised urls of a sitemap (XML or text, gzipped or not); None if the body is not a sitemap."""
    try:
        plain = _decompressed(body, max_bytes)
    except (TooLarge, BadCompression, zlib.error):
        return None
    if plain.lstrip()[:1] != b"<":
        return SitemapUrls(pages=_urls(plain.decode("utf-8", "replace").splitlines(), url))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, load_dtd=False)
    try:
        root = etree.fromstring(plain, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None:
        return None
    urls = _urls(list(root.xpath("//*[local-name()='loc']/text()")), url)
    is_index = etree.QName(root).localname == "sitemapindex"
    return SitemapUrls(sitemaps=urls) if is_index else SitemapUrls(pages=urls)


def _decompressed(body: bytes, max_bytes: int) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    plain = Body("gzip", max_bytes)
    plain.add(body)
    return plain.whole()


def _urls(texts: list[str], url: str) -> tuple[str, ...]:
    urls = (normalise(text, within=url) for text in texts[:MAX_URLS] if text.strip())
    return tuple(dict.fromkeys(url for url in urls if url))
