"""A page's bytes to what the factory keeps of it: title, Markdown, links. Runs in worker processes.

Two ways to the text. Articles go through trafilatura, which drops menus and boilerplate best. Reference
pages, set in <pre>, nested tables and line breaks, are rendered by their structure: trafilatura puts their
code on one line. A page also takes the second way when the first finds little of what is there.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sources.address import normalise
from sources.charset import Unreadable, decode
from sources.markdown import render
from sources.page import Found
from sources.reason import Status

EXTRACTOR = "1"
"""Changes when the same bytes would give another text, so that unchanged pages are fetched again."""
MAX_LINKS = 2_000
"""Links kept of one page."""
MAX_ANCHOR_CHARS = 200
MAX_TITLE_CHARS = 300
MIN_FOUND_SHARE = 0.25
"""When the article extractor finds less than this share of a page's words, its structure is rendered."""
MAX_FIXED_SHARE = 0.3
"""A page with more than this share of its words in <pre> is no article."""

_BOILERPLATE = "nav, footer, aside, [role=navigation], [role=search], .sphinxsidebar, .related"
_SPACE = re.compile(r"\s+")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,200})\]\(<?([^\s()<>]+)")
_PERMALINK = re.compile(r"\[[¶#§]\]\([^)]*\)|¶")


@dataclass
class Links:
    """The links of a page: the first MAX_LINKS are kept, of the rest only the number."""

    targets: dict[str, str | None] = field(default_factory=dict)
    """href as it stands in the page → absolute url, None where it leads nowhere else"""
    anchors: dict[str, str] = field(default_factory=dict)
    """absolute url → the words of its first link that has any"""
    dropped: int = 0

    @classmethod
    def of(cls, found: Iterable[tuple[str, str]], within: str, url: str) -> Self:
        """The (href, words) of a page at `url`, whose links are relative to `within`."""
        links, more = cls(), set[str]()
        for href, words in found:
            if href not in links.targets and len(links.anchors) >= MAX_LINKS:
                more.add(href)
                continue
            if href not in links.targets:
                target = normalise(href, within=within)
                links.targets[href] = None if target == url else target
            if target := links.targets[href]:
                links.anchors[target] = links.anchors.get(target) or _SPACE.sub(" ", words).strip()[:MAX_ANCHOR_CHARS]
        links.dropped = len(more)
        return links

    @property
    def lost(self) -> str | None:
        return f"{self.dropped} links after the first {MAX_LINKS} were not kept" if self.dropped else None

    def kept(self) -> tuple[tuple[str, str], ...]:
        """(absolute url, words), in reading order."""
        return tuple(self.anchors.items())


@dataclass(frozen=True)
class Layout:
    """What is known of how a site sets its pages; nothing needs to be."""

    drop: tuple[str, ...] = ()
    """selectors of what is no content"""
    headings: tuple[tuple[str, int], ...] = ()
    """(selector, level) of headings that are no h1 to h6"""
    plain: tuple[str, ...] = ()
    """selectors in which links stay words"""
    structured: bool = False
    """every page is rendered by its structure"""
    title_noise: str = ""
    """regular expression: what is cut from titles"""
    error_title: str = ""
    """regular expression: the title of a page that says that there is none"""
    scrub: tuple[tuple[str, str], ...] = ()
    """(regular expression, replacement) for what differs from run to run or machine to machine"""


def extract(body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> Found:
    """What a page says; the status tells why when it says nothing. Text that is not HTML is kept as it is."""
    try:
        text = decode(body, content_type)
    except Unreadable as error:
        return Found(Status.BAD_ENCODING, str(error))
    if media_type in ("text/html", "application/xhtml+xml") or (not media_type and "<" in text[:1_000]):
        return _from_html(text, url, layout)
    return _from_text(text, url, media_type)


def _from_text(text: str, url: str, media_type: str) -> Found:
    if not text.strip():
        return Found(Status.EXTRACTION_EMPTY, "the text is blank")
    heading = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE) if "markdown" in media_type else None
    title = heading[1] if heading else url.rstrip("/").rpartition("/")[2]
    inline = _MARKDOWN_LINK.findall(text) if "markdown" in media_type else []
    links = Links.of(((href, anchor) for anchor, href in inline), url, url)
    return Found(Status.OK, links.lost, title[:MAX_TITLE_CHARS], text.replace("\r\n", "\n").strip(), links.kept())


def _from_html(html: str, url: str, layout: Layout) -> Found:
    tree = LexborHTMLParser(html)
    title = _title(tree, layout)
    if layout.error_title and re.search(layout.error_title, title or ""):
        return Found(Status.ERROR_PAGE, f"the page says: {title}"[:MAX_TITLE_CHARS], title=title)
    for node in [node for selector in layout.drop for node in tree.css(selector)]:
        node.decompose()
    within = _base(tree, url)
    links = Links.of(_anchors(tree), within, url)
    text = _markdown(tree, html, within, links, layout)
    for pattern, replacement in layout.scrub:
        text = re.sub(pattern, replacement, text)
    if not text.strip():
        return Found(Status.EXTRACTION_EMPTY, "the page has no text", title=title, links=links.kept())
    lang = tree.root.attributes.get("lang") if tree.root is not None else None
    return Found(Status.OK, links.lost, title, text, links.kept(), lang, _license(tree, within))


def _markdown(tree: LexborHTMLParser, html: str, within: str, links: Links, layout: Layout) -> str:
    body = tree.body
    if body is None:
        return ""
    fixed = sum(len(node.text().split()) for node in body.css("pre"))
    no_article = layout.structured or links.dropped or fixed > MAX_FIXED_SHARE * len(body.text().split())
    article = "" if no_article else _article(html, within)
    structured = _structured(body, links, layout)
    return article if article and len(article) >= MIN_FOUND_SHARE * len(structured) else structured


def _article(html: str, within: str) -> str:
    import trafilatura  # slow to import, and needed in worker processes only

    try:
        found = trafilatura.extract(
            html, url=within, output_format="markdown", include_links=True, include_tables=True, favor_recall=True
        )
    except (ValueError, TypeError, RecursionError, AttributeError):
        return ""
    return found or ""


def _structured(body: LexborNode, links: Links, layout: Layout) -> str:
    for node in body.css(_BOILERPLATE):
        node.decompose()
    root = body.css_first("main, [role=main], article") or body
    if len(root.text()) < MIN_FOUND_SHARE * len(body.text()):
        root = body
    text = render(root, links.targets.get, headings=layout.headings, plain=layout.plain)
    return _PERMALINK.sub("", text)


def _title(tree: LexborHTMLParser, layout: Layout) -> str | None:
    for selector in ("title", "h1"):
        node = tree.css_first(selector)
        title = _SPACE.sub(" ", node.text()).strip() if node is not None else ""
        if title:
            shorter = re.sub(layout.title_noise, "", title) if layout.title_noise else title
            return (shorter or title)[:MAX_TITLE_CHARS]
    return None


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    href = node.attributes.get("href") if node is not None else None
    return (normalise(href, within=url) if href else None) or url


def _anchors(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in tree.css("a[href], area[href]"):
        yield node.attributes.get("href") or "", node.text()


def _license(tree: LexborHTMLParser, within: str) -> str | None:
    node = tree.css_first("link[rel=license][href], a[rel=license][href]")
    return normalise(node.attributes.get("href") or "", within=within) if node is not None else None
