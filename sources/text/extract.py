"""Extracts title, Markdown text and links from the bytes of a page. Runs in worker processes.

One tree serves all: its links are collected, its boilerplate is found, and its content is rendered as Markdown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sources.languages import document_language
from sources.rights.markup_reader import read_markup
from sources.status_codes import Status
from sources.text.boilerplate import content_of
from sources.text.charset import Unreadable, decode
from sources.text.document_builder import ExtractedPage
from sources.text.formulas.delimited import has_delimited_tex
from sources.text.formulas.find import formulas_of
from sources.text.links import Links
from sources.text.markdown.code import code_elements
from sources.text.markdown.document import markdown_of
from sources.text.markdown.footnotes import footnotes_of
from sources.text.markdown.grids import grids_of
from sources.text.markdown.page import Reading
from sources.text.markdown.tabs import tabs_of
from sources.text.markdown.typewritten import CODE_SIGNS, is_typewritten
from sources.text.nesting import harmless
from sources.text.stand_ins import stand_in
from sources.urls import normalise

EXTRACTOR = "9"
"""Version of the extractor: raise it when the same bytes give another text, so that pages are fetched again."""
MAX_TITLE_CHARS = 300
MIN_PROSE_IN_PRE_SHARE = 0.8
"""A page with a larger share of its text in `<pre>` without markup inside may have its prose there."""
MAX_CODE_SIGNS_SHARE = 0.02
"""Signs of code in a larger share of these characters make it code, which is fenced."""

_SPACE = re.compile(r"\s+")
_AROUND_TITLE = " \xb6\u200b"
"""blanks, and the sign of a link to the heading itself"""
_LEVELS = frozenset("123456")
_HEADING_TAGS = frozenset(f"h{level}" for level in _LEVELS)
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,200})\]\(<?([^\s()<>]+)")


@dataclass(frozen=True)
class Layout:
    """Selectors and patterns for the pages of one site. The default suits any site."""

    drop: tuple[str, ...] = ()
    """selectors of elements without content"""
    headings: tuple[tuple[str, int], ...] = ()
    """(selector, level) of headings other than h1 to h6"""
    plain: tuple[str, ...] = ()
    """selectors of elements whose links become plain text"""
    title_noise: str = ""
    """regular expression that is removed from titles"""
    error_title: str = ""
    """regular expression that matches the titles of error pages"""
    scrub: tuple[tuple[str, str], ...] = ()
    """(regular expression, replacement) for text that differs between runs or machines"""


def extract(body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> ExtractedPage:
    """Extract a page. Text other than HTML is kept unchanged; without text, the status is the reason."""
    try:
        decoded = decode(body, content_type)
    except Unreadable as error:
        return ExtractedPage(Status.BAD_ENCODING, str(error))
    text = decoded.text
    if media_type in ("text/html", "application/xhtml+xml") or (not media_type and "<" in text[:1_000]):
        page = _from_html(text, url, layout)
    else:
        page = _from_text(text, url, media_type)
    detail = "; ".join(filter(None, (page.detail, decoded.detail))) or None
    return replace(page, detail=detail, lang=document_language(page.lang, page.text))


def _from_text(text: str, url: str, media_type: str) -> ExtractedPage:
    if not text.strip():
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the text is blank")
    heading = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE) if "markdown" in media_type else None
    title = heading[1] if heading else url.rstrip("/").rpartition("/")[2]
    inline = _MARKDOWN_LINK.findall(text) if "markdown" in media_type else []
    links = Links.of(((href, anchor) for anchor, href in inline), url, url)
    return ExtractedPage(
        Status.OK, links.dropped_detail, title[:MAX_TITLE_CHARS], text.replace("\r\n", "\n").strip(), links.pairs()
    )


def _from_html(html: str, url: str, layout: Layout) -> ExtractedPage:
    html = harmless(html)
    tree = LexborHTMLParser(html)
    title = _title(tree, layout)
    if layout.error_title and re.search(layout.error_title, title or ""):
        return ExtractedPage(Status.ERROR_PAGE, f"the page's title is: {title}"[:MAX_TITLE_CHARS], title=title)
    within = _base(tree, url)
    markup = read_markup(tree, within)
    for node in [node for selector in layout.drop for node in tree.css(selector)]:
        node.decompose()
    links = Links.of(_anchors(tree), within, url)
    text = _markdown(tree, html, links, within, layout)
    for pattern, replacement in layout.scrub:
        text = re.sub(pattern, replacement, text)
    lang = tree.root.attributes.get("lang") if tree.root is not None else None
    page = ExtractedPage(
        Status.OK, links.dropped_detail, title, text, links.pairs(), lang,
        license=" AND ".join(markup.licenses) or None, markup=markup,
        nofollow_links=links.only_in(markup.nofollow_links),
    )  # fmt: skip
    if found := stand_in(tree, title, text):
        return replace(page, status=found[0], detail=found[1], text="")
    if not text.strip():
        return replace(page, status=Status.EXTRACTION_EMPTY, detail="the page has no text", text="")
    return page


def _markdown(tree: LexborHTMLParser, html: str, links: Links, within: str, layout: Layout) -> str:
    content = content_of(tree, lambda href: links.targets.get(href) is not None)
    if content is None:
        return ""
    tabs = tabs_of(tree, html)
    reading = Reading(
        lambda href: links.resolve(href, within),
        lambda source: normalise(source, within=within),
        _headings(tree, html, layout),
        frozenset(node.mem_id for selector in layout.plain for node in tree.css(selector)),
        formulas_of(tree, html),
        footnotes_of(tree, html),
        tabs.names,
        grids_of(tree, html),
        content.dropped | tabs.lists,
        code_elements(tree),
        has_delimited_tex(html),
        _is_prose_in_pre(content.root),
        is_typewritten(content.root),
    )
    return markdown_of(content.root, reading)


def _headings(tree: LexborHTMLParser, html: str, layout: Layout) -> dict[int, int]:
    """Headings that are not h1 to h6: those of the site's layout, and elements with the role of a heading."""
    found = {node.mem_id: level for selector, level in layout.headings for node in tree.css(selector)}
    for node in tree.css("[role=heading][aria-level]") if "aria-level" in html else ():
        level = node.attributes.get("aria-level") or ""
        if level in _LEVELS and node.tag not in _HEADING_TAGS:
            found[node.mem_id] = int(level)
    return found


def _is_prose_in_pre(root: LexborNode) -> bool:
    """True for a page of letters: nearly all of it is in `<pre>` without markup, and it has few signs of code."""
    bare = [node.text() for node in root.css("pre:not([class])") if node.css_first("code, span, div") is None]
    if not bare or sum(map(len, bare)) <= MIN_PROSE_IN_PRE_SHARE * max(1, len(root.text())):
        return False
    return sum(len(CODE_SIGNS.findall(text)) for text in bare) < MAX_CODE_SIGNS_SHARE * sum(map(len, bare))


def _title(tree: LexborHTMLParser, layout: Layout) -> str | None:
    for selector in ("title", "h1"):
        node = tree.css_first(selector)
        title = _SPACE.sub(" ", node.text()).strip(_AROUND_TITLE) if node is not None else ""
        if title:
            shorter = re.sub(layout.title_noise, "", title) if layout.title_noise else title
            return (shorter or title)[:MAX_TITLE_CHARS]
    return None


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    href = node.attributes.get("href") if node is not None else None
    return (normalise(href, within=url) if href else None) or url


def _anchors(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in tree.css("a[href], area[href], frame[src]"):
        attributes = node.attributes
        yield attributes.get("href") or attributes.get("src") or "", node.text()
