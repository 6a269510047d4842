"""A page's bytes to what the factory keeps of it: title, Markdown, links. Runs in worker processes.

Two ways to the text. Articles go through trafilatura, which drops menus and boilerplate best. Reference
pages, set in <pre>, definition lists and tables, are rendered by their structure: trafilatura puts their
code on one line and takes ten times as long. So do pages of which it finds too little.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sources.status_codes import Status
from sources.text.charset import Unreadable, decode
from sources.text.document_builder import ExtractedPage
from sources.text.markdown import render
from sources.urls import normalise

EXTRACTOR = "2"
"""Changes when the same bytes would give another text, so that unchanged pages are fetched again."""
MAX_LINKS = 2_000
"""Links kept of one page."""
MAX_ANCHOR_CHARS = 200
MAX_TITLE_CHARS = 300
MIN_FOUND_SHARE = 0.25
"""When the article extractor finds less than this share of a page, its structure is rendered."""
MIN_FOUND_SHARE_OF_MAIN = 0.5
"""The same where the page says which part of it is the main one."""
MAX_FIXED_SHARE = 0.3
"""A page with more than this share of its words in code, definitions and tables is no article."""

_BOILERPLATE = "nav, footer, aside, [role=navigation], [role=search], .sphinxsidebar, .related"
_SPACE = re.compile(r"\s+")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,200})\]\(<?([^\s()<>]+)")
_FIXED = ("pre", "dl", "table")
_EMPTY_LINK = re.compile(r"\[([^\[\]\n]*)\]\((?:None)?\)")
_PERMALINK = re.compile(r"\[[¶#§]\](?:\([^)]*\))?|¶")


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


def extract(body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> ExtractedPage:
    """What a page says; the status tells why when it says nothing. Text that is not HTML is kept as it is."""
    try:
        text = decode(body, content_type)
    except Unreadable as error:
        return ExtractedPage(Status.BAD_ENCODING, str(error))
    if media_type in ("text/html", "application/xhtml+xml") or (not media_type and "<" in text[:1_000]):
        return _from_html(text, url, layout)
    return _from_text(text, url, media_type)


def _from_text(text: str, url: str, media_type: str) -> ExtractedPage:
    if not text.strip():
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the text is blank")
    heading = re.search(r"^#\s+(.+?)\s*#*$", text, re.MULTILINE) if "markdown" in media_type else None
    title = heading[1] if heading else url.rstrip("/").rpartition("/")[2]
    inline = _MARKDOWN_LINK.findall(text) if "markdown" in media_type else []
    links = Links.of(((href, anchor) for anchor, href in inline), url, url)
    return ExtractedPage(
        Status.OK, links.lost, title[:MAX_TITLE_CHARS], text.replace("\r\n", "\n").strip(), links.kept()
    )


def _from_html(html: str, url: str, layout: Layout) -> ExtractedPage:
    tree = LexborHTMLParser(html)
    title = _title(tree, layout)
    if layout.error_title and re.search(layout.error_title, title or ""):
        return ExtractedPage(Status.ERROR_PAGE, f"the page says: {title}"[:MAX_TITLE_CHARS], title=title)
    for node in [node for selector in layout.drop for node in tree.css(selector)]:
        node.decompose()
    within = _base(tree, url)
    links = Links.of(_anchors(tree), within, url)
    text = _markdown(tree, links, layout)
    for pattern, replacement in layout.scrub:
        text = re.sub(pattern, replacement, text)
    if not text.strip():
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the page has no text", title=title, links=links.kept())
    lang = tree.root.attributes.get("lang") if tree.root is not None else None
    return ExtractedPage(Status.OK, links.lost, title, text, links.kept(), lang, _license(tree, within))


def _markdown(tree: LexborHTMLParser, links: Links, layout: Layout) -> str:
    body = tree.body
    if body is None:
        return ""
    reference = layout.structured or links.dropped or _fixed_share(body) > MAX_FIXED_SHARE
    article = "" if reference else _article(tree, links)
    for node in body.css(_BOILERPLATE):
        node.decompose()
    main = body.css_first("main, [role=main], article")
    whole = main is None or len(main.text()) < MIN_FOUND_SHARE * len(body.text())
    root = body if whole or main is None else main
    structured = render(root, links.targets.get, headings=layout.headings, plain=layout.plain)
    least = MIN_FOUND_SHARE if whole else MIN_FOUND_SHARE_OF_MAIN
    text = article if article and len(article) >= least * len(structured) else structured
    return _PERMALINK.sub("", text)


def _fixed_share(body: LexborNode) -> float:
    """The share of a page's words that stand where lines and columns matter: code, definitions, tables."""
    fixed = sum(len(node.text().split()) for node in body.css(", ".join(_FIXED)) if not _within_fixed(node))
    return fixed / max(1, len(body.text().split()))


def _within_fixed(node: LexborNode) -> bool:
    above = node.parent
    while above is not None and above.tag not in _FIXED:
        above = above.parent
    return above is not None


def _article(tree: LexborHTMLParser, links: Links) -> str:
    import trafilatura  # slow to import, and needed in worker processes only

    for node in tree.css("a[href]"):  # trafilatura resolves links against the site and not the page
        node.attrs["href"] = links.targets.get(node.attributes.get("href") or "") or ""
    try:
        found = trafilatura.extract(
            tree.html, output_format="markdown", include_links=True, include_tables=True, favor_recall=True
        )
    except (ValueError, TypeError, RecursionError, AttributeError):
        found = None
    return _EMPTY_LINK.sub(r"\1", found or "")


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
