"""Extracts title, Markdown text and links from the bytes of a page. Runs in worker processes.

Articles are extracted by trafilatura, which removes menus and boilerplate best. Reference pages (<pre>,
definition lists, tables) are rendered by their structure, because trafilatura joins their code into one line
and takes ten times as long. Pages of which trafilatura finds too little are rendered by structure, too.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sources.status_codes import Status
from sources.text.charset import Unreadable, decode
from sources.text.document_builder import ExtractedPage
from sources.text.markdown import render
from sources.urls import normalise

EXTRACTOR = "2"
"""Version of the extractor: raise it when the same bytes give another text, so that pages are fetched again."""
MAX_LINKS = 2_000
"""Maximum links per page."""
MAX_ANCHOR_CHARS = 200
MAX_TITLE_CHARS = 300
MIN_FOUND_SHARE = 0.25
"""Minimum share of a page that the article extractor must find; below it the structure is rendered."""
MIN_FOUND_SHARE_OF_MAIN = 0.5
"""The same share for pages that mark their main part."""
MAX_FIXED_SHARE = 0.3
"""A page with a larger share of its words in code, definitions and tables is a reference page."""

_BOILERPLATE = "nav, footer, aside, [role=navigation], [role=search], .sphinxsidebar, .related"
_SPACE = re.compile(r"\s+")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,200})\]\(<?([^\s()<>]+)")
_FIXED = ("pre", "dl", "table")
_EMPTY_LINK = re.compile(r"\[([^\[\]\n]*)\]\((?:None)?\)")
_PERMALINK = re.compile(r"\[[¶#§]\](?:\([^)]*\))?|¶")


@dataclass
class Links:
    """The first MAX_LINKS links of a page, and the number of the others."""

    targets: dict[str, str | None] = field(default_factory=dict)
    """href as written → absolute url; None if it is not a url or leads to the page itself"""
    anchors: dict[str, str] = field(default_factory=dict)
    """absolute url → text of its first link that has any"""
    dropped: int = 0

    @classmethod
    def of(cls, anchors: Iterable[tuple[str, str]], within: str, url: str) -> Self:
        """Collect (href, text) pairs of the page at `url`; relative links are resolved against `within`."""
        links, more = cls(), set[str]()
        for href, words in anchors:
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
    def dropped_detail(self) -> str | None:
        return f"{self.dropped} links after the first {MAX_LINKS} were dropped" if self.dropped else None

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return (absolute url, text), in reading order."""
        return tuple(self.anchors.items())


@dataclass(frozen=True)
class Layout:
    """Selectors and patterns for the pages of one site. The default suits any site."""

    drop: tuple[str, ...] = ()
    """selectors of elements without content"""
    headings: tuple[tuple[str, int], ...] = ()
    """(selector, level) of headings other than h1 to h6"""
    plain: tuple[str, ...] = ()
    """selectors of elements whose links become plain text"""
    structured: bool = False
    """render every page by its structure"""
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
    return replace(page, detail="; ".join(filter(None, (page.detail, decoded.detail))) or None)


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
    tree = LexborHTMLParser(html)
    title = _title(tree, layout)
    if layout.error_title and re.search(layout.error_title, title or ""):
        return ExtractedPage(Status.ERROR_PAGE, f"the page's title is: {title}"[:MAX_TITLE_CHARS], title=title)
    for node in [node for selector in layout.drop for node in tree.css(selector)]:
        node.decompose()
    within = _base(tree, url)
    links = Links.of(_anchors(tree), within, url)
    text = _markdown(tree, links, layout)
    for pattern, replacement in layout.scrub:
        text = re.sub(pattern, replacement, text)
    if not text.strip():
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the page has no text", title=title, links=links.pairs())
    lang = tree.root.attributes.get("lang") if tree.root is not None else None
    return ExtractedPage(Status.OK, links.dropped_detail, title, text, links.pairs(), lang, _license(tree, within))


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
    min_share = MIN_FOUND_SHARE if whole else MIN_FOUND_SHARE_OF_MAIN
    text = article if article and len(article) >= min_share * len(structured) else structured
    return _PERMALINK.sub("", text)


def _fixed_share(body: LexborNode) -> float:
    """Return the share of a page's words in code, definition lists and tables, where line breaks carry meaning."""
    fixed = sum(len(node.text().split()) for node in body.css(", ".join(_FIXED)) if not _within_fixed(node))
    return fixed / max(1, len(body.text().split()))


def _within_fixed(node: LexborNode) -> bool:
    above = node.parent
    while above is not None and above.tag not in _FIXED:
        above = above.parent
    return above is not None


def _article(tree: LexborHTMLParser, links: Links) -> str:
    import trafilatura  # slow to import, and used only in worker processes

    for node in tree.css("a[href]"):  # trafilatura resolves links against the site, not the page
        node.attrs["href"] = links.targets.get(node.attributes.get("href") or "") or ""
    try:
        article = trafilatura.extract(
            tree.html, output_format="markdown", include_links=True, include_tables=True, favor_recall=True
        )
    except (ValueError, TypeError, RecursionError, AttributeError):
        article = None
    return _EMPTY_LINK.sub(r"\1", article or "")


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
