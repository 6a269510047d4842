"""Extraction of pages: title, Markdown text and links, for agents to read and tasks to be composed from."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.pydoc_site.server import LAYOUT
from sources.text.charset import Unreadable, decode
from sources.text.document_builder import ExtractedPage
from sources.text.extract import Layout, extract
from sources.text.links import MAX_LINKS
from sources.web.sitemap import parse_sitemap

URL = "http://site.example/dir/page.html"
PROSE = " ".join(f"Sentence {n} describes how the keeper climbs the stairs and trims the lamp." for n in range(12))
ARTICLE = f"""<html lang="en-GB"><head><title>The RawCapture</title><link rel=license href=/cc></head><body>
<nav><a href=/menu>Menu</a></nav><article><h1>The RawCapture</h1>
<p>{PROSE} See <a href="../lamp.html#wick">the lamp</a>.</p>
<h2>Tools</h2><ul><li>oil</li><li>wick</li></ul></article><footer>All rights reserved</footer></body></html>"""
REFERENCE = """<html><title>Pydoc: module lamps</title><body><div style='float:left'>Python 3.11 Linux</div>
<div style="clear:both"><table class="heading"><tr><td class="title"><strong class="title">lamps</strong></td>
<td class="extra"><a href="file:/usr/lib/lamps.py">/usr/lib/lamps.py</a></td></tr></table>
<p><span class="code">Lamps&nbsp;for&nbsp;<a href="towers.html">towers</a>:<br>
&nbsp;<br>
&nbsp;&nbsp;&nbsp;&nbsp;&gt;&gt;&gt;&nbsp;light()<br></span></p>
<table class="section"><tr><td colspan=3><strong class="bigsection">Functions</strong></td></tr>
<tr><td>&nbsp;</td><td>
<dl><dt><strong>light</strong>(lamp=&lt;Lamp at 0x7f00deadbeef&gt;)</dt><dd>Light the lamp.</dd></dl></td></tr>
</table></div></body></html>"""


def _html(text: str, layout: Layout | None = None) -> ExtractedPage:
    return extract(text.encode(), "text/html", "text/html; charset=utf-8", URL, layout or Layout())


def test_an_article_keeps_its_text_links_and_headings() -> None:
    """Menus and footers in the text would end up in tasks; a lost link ends a walk over pages."""
    found = _html(ARTICLE)
    assert (found.status, found.title, found.lang, found.license) == (
        "ok", "The RawCapture", "en-GB", "http://site.example/cc",
    )  # fmt: skip
    assert "Sentence 11 describes" in found.text and "## Tools" in found.text and "All rights" not in found.text
    assert ("http://site.example/lamp.html", "the lamp") in found.links
    assert "[the lamp](http://site.example/lamp.html" in found.text


def test_a_reference_page_keeps_line_breaks_and_drops_machine_details() -> None:
    """Code on one line is unreadable; a path or a memory address gives another document on each machine."""
    found = _html(REFERENCE, LAYOUT)
    assert found.title == "lamps"
    assert "# lamps" in found.text and "## Functions" in found.text
    assert "Lamps for towers:\n\n    >>> light()" in found.text
    assert "light(lamp=\\<Lamp>)\n: Light the lamp." in found.text
    assert "file:" not in found.text and "/usr/lib" not in found.text and "3.11" not in found.text
    assert found.links == (("http://site.example/dir/towers.html", "towers"),)


def test_tables_code_and_lists_keep_their_structure() -> None:
    """Without structure, values and their names cannot be matched."""
    found = _html(
        "<title>T</title><table><tr><th>name</th><th>light</th></tr><tr><td>Aro</td><td>white</td></tr></table>"
        "<pre>def f():\n    return 1</pre><ol><li>one<ul><li>deep</li></ul></li><li>two</li></ol>",
        Layout(),
    )
    assert "| name | light |\n| --- | --- |\n| Aro | white |" in found.text
    assert "```\ndef f():\n    return 1\n```" in found.text
    assert "1. one" in found.text and "  - deep" in found.text and "2. two" in found.text


def test_links_are_limited_and_dropped_ones_counted() -> None:
    """A page with a million links must not fill the frontier, and its row must give the number of dropped links."""
    found = _html("<p>many</p>" + "".join(f"<a href=/{n}>x</a>" for n in range(MAX_LINKS + 500)))
    assert len(found.links) == MAX_LINKS
    assert found.detail == "500 links after the first 2000 were dropped"


CHARSETS = ["", "x; charset=utf-16", "x; charset=latin-1", "x; charset=zz", "x; charset=base64"]


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(CHARSETS))
def test_any_bytes_give_text_or_a_reason(body: bytes, content_type: str) -> None:
    """The result for any input is text that Arrow accepts, or a reason code."""
    found = extract(body, "text/html", content_type, URL, Layout())
    assert found.status in {"ok", "extraction_empty", "bad_encoding"}
    found.text.encode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Größe".encode(), "text/html; charset=iso-8859-1"),
        ("Größe".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("Größe".encode("utf-16"), "text/html"),
        (b'<meta charset="windows-1252">' + "Größe".encode("cp1252"), "text/html"),
        (b"\xef\xbb\xbf" + "Größe".encode(), "text/html; charset=latin-1"),
    ],
)
def test_a_wrong_declared_charset_does_not_spoil_the_text(body: bytes, content_type: str) -> None:
    """Mojibake passes every later gate."""
    assert decode(body, content_type).text.endswith("Größe")


def test_binary_data_is_refused() -> None:
    """Binary data taken for text would be tokenized at great cost."""
    with pytest.raises(Unreadable):
        decode(bytes(range(256)) * 50, "text/html; charset=utf-8")


def test_sitemaps_list_pages_or_sitemaps_without_expanding_entities() -> None:
    """Nested entities (the "billion laughs" attack) must not be expanded."""
    pages = parse_sitemap(b"<urlset><url><loc> /a </loc></url><url><loc>mailto:x</loc></url></urlset>", URL, 10_000)
    index = parse_sitemap(b"<sitemapindex><sitemap><loc>/s.xml</loc></sitemap></sitemapindex>", URL, 10_000)
    assert pages is not None and pages.pages == ("http://site.example/a",)
    assert index is not None and index.sitemaps == ("http://site.example/s.xml",)
    lol = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><urlset><url><loc>/&b;</loc></url></urlset>'
    expanded = parse_sitemap(lol, URL, 10_000)
    assert expanded is None or "haha" not in "".join(expanded.pages)
    assert parse_sitemap(b"\x1f\x8bnot gzip", URL, 10_000) is None
