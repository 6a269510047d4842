"""References of XML to halves of a character: sitemaps and repositories write them, and one of them ended a crawl."""

import pytest
from lxml import etree

from sources.feed.parse import parse_feed
from sources.text.character_references import joined_halves
from sources.web.sitemap import parse_sitemap

GRIN, ODD = "\N{GRINNING FACE}", "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("&#xD83D;&#xDE00;", GRIN),
        ("&#55357;&#56832; &#x0d83d;&#xdE00;", f"{GRIN} {GRIN}"),
        ("a&#xD83D;b", f"a{ODD}b"),
        ("&#xDE00;&#xD83D;", f"{ODD}{ODD}"),
        ("&#xD83D;&#xD83D;&#xDE00;", f"{ODD}{GRIN}"),
        ("&#xE9;&#233;&#56000;&#55000;&#57344;&amp;#xD800;", f"éé{ODD}\ud6d8\ue000&#xD800;"),
    ],
)
def test_halves_become_the_character_that_was_meant(written: str, meant: str) -> None:
    """A title with an emoji must neither end the reading nor lose the rest of the text."""
    root = etree.fromstring(joined_halves(f"<a>{written}</a>".encode()), etree.XMLParser(recover=True))
    assert root.text == meant


def test_a_feed_with_halves_keeps_its_entries() -> None:
    """One emoji in a title must not cost all entries of the feed."""
    items = "".join(f"<item><title>{title}</title><link>/{title[-2:-1]}</link></item>" for title in ("ab", "&#xD83D;"))
    feed = f"<rss version='2.0'><channel>{items}<item><title>&#xD83D;&#xDE00;</title><link>/c</link></item></channel>"
    for body in (f"{feed}</rss>", feed):
        found = parse_feed(body.encode(), "http://a.example/feed", "application/rss+xml")
        assert found is not None and [entry.title for entry in found] == ["ab", ODD, GRIN]


def test_a_sitemap_with_halves_keeps_its_urls() -> None:
    """The error would otherwise be the whole site's: its other pages are listed nowhere else."""
    listed = "".join(f"<url><loc>http://a.example/{name}</loc></url>" for name in ("a", "&#xD83D;&#xDE00;", "&#xD800;"))
    found = parse_sitemap(f"<urlset>{listed}</urlset>".encode(), "http://a.example/map.xml")
    assert found is not None
    assert found.pages == tuple(f"http://a.example/{name}" for name in ("a", "%F0%9F%98%80", "%EF%BF%BD"))
