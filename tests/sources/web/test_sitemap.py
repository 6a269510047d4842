"""Sitemaps and feeds as sites write them, whatever their encoding and content type."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.web.sitemap import latest_moment, parse_sitemap

URL = "http://a.example/maps/map.xml"
NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml" '
    'xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"'
)
ENTRIES = (
    f"<urlset {NAMESPACES}><url><loc> http://a.example/p1 </loc><lastmod>2026-03-01</lastmod>"
    "<image:image><image:loc>http://a.example/i.jpg</image:loc></image:image>"
    "<video:video><video:player_loc>http://a.example/v</video:player_loc></video:video>"
    '<xhtml:link rel="alternate" hreflang="de" href="http://a.example/de"/></url>'
    "<url><loc>/p2?a=1&amp;b=2</loc></url></urlset>"
)
MAP = f'<?xml version="1.0" encoding="UTF-8"?>\n{ENTRIES}'
PAGES = ("http://a.example/p1", "http://a.example/p2?a=1&b=2")


@pytest.mark.parametrize(
    "body",
    [
        MAP.encode(),
        b"\xef\xbb\xbf" + MAP.encode(),
        b"\n \n" + MAP.encode(),
        MAP.encode("utf-16"),
        MAP.replace("UTF-8", "utf-16").encode("utf-16"),
        gzip.compress(MAP.encode()),
        gzip.compress(b"\xef\xbb\xbf" + MAP.encode()),
        ENTRIES.encode(),
        MAP.replace(' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"', "").encode(),
        MAP.replace("</urlset>", "").encode(),
        MAP.replace("&amp;", "&").encode(),
        MAP.replace(NAMESPACES, 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"').encode(),
        MAP.replace(NAMESPACES, "")
        .replace("<url", "<map:url")
        .replace("</url", "</map:url")
        .replace("loc>", "map:loc>")
        .encode(),
        "\n".join(PAGES).encode(),
        "\r\n".join(PAGES).encode("utf-16"),
    ],
)
def test_the_pages_of_a_sitemap_in_any_encoding_are_found(body: bytes) -> None:
    """A byte order mark must not turn markup into urls, nor an image become a page."""
    found = parse_sitemap(body, URL)
    assert found is not None
    assert found.pages[0] == PAGES[0] and len(found.pages) == 2 and found.sitemaps == ()


def test_a_sitemap_index_lists_sitemaps() -> None:
    """Its urls are sitemaps and no pages."""
    index = "<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2026</lastmod></sitemap></sitemapindex>"
    found = parse_sitemap(index.encode(), URL)
    assert found is not None and (found.sitemaps, found.pages) == (("http://a.example/a.xml",), ())


@pytest.mark.parametrize(
    "feed",
    [
        "<rss version='2.0'><channel><link>http://a.example/</link><item><title>t</title><link>/p1</link></item>"
        "</channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><link href='/'/><entry><link rel='self' href='/self'/>"
        "<link href='/p1'/></entry></feed>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
        "<item><link>http://a.example/p1</link></item></rdf:RDF>",
        "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><item><atom:link href='/no'/>"
        "<link>/p1</link></item></channel></rss>",
    ],
)  # fmt: skip
def test_a_feed_is_a_list_of_links(feed: str) -> None:
    """Many sites name a feed as their sitemap."""
    found = parse_sitemap(feed.encode(), URL)
    assert found is not None and found.pages == (PAGES[0],)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"<html><body>not found</body></html>", b"<!doctype html><p>a", b"\x89PNG\r\n\x1a\n",
        b"just words\n", gzip.compress(bytes(60_000_000)), b"\x1f\x8b\x08 no gzip",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
    ],
)  # fmt: skip
def test_what_is_no_sitemap_lists_nothing(body: bytes) -> None:
    """An error page that is served in its place must not count as an empty sitemap."""
    assert parse_sitemap(body, URL) is None


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<urlset><url><loc>{text}</loc></url>".encode())
)
def test_no_bytes_crash_the_parser(body: bytes) -> None:
    """A hostile sitemap must cost only itself."""
    found = parse_sitemap(body, URL)
    assert found is None or all(page.startswith(("http://", "https://")) for page in found.pages)


@pytest.mark.parametrize(
    ("lastmod", "latest"),
    [
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00.5+02:00", datetime(2026, 3, 1, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-12", datetime(2027, 1, 1, 12, tzinfo=UTC)),
        ("2026", datetime(2027, 1, 1, 12, tzinfo=UTC)),
        ("yesterday", None),
        ("9999", None),
        ("", None),
    ],
)
def test_a_date_means_its_last_moment(lastmod: str, latest: datetime | None) -> None:
    """A page that was changed in the evening of its date must not be taken for unchanged."""
    assert latest_moment(lastmod) == latest
