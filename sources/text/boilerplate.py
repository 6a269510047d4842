"""Finds the parts of a page that are not its content: menus, footers, banners, share buttons, tables of contents.

The tree stays as it is; the parts are named by their `mem_id`, so that a page of which nearly everything looks like
boilerplate can still be read whole. An element is judged by its role and tag, by the words of its class and id together
with the share of its text in links, and by where it leads.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

MIN_MAIN_SHARE = 0.25
"""Minimum share of the text of a page, or of its text outside of links, that its main part must hold."""
MIN_FORM_SHARE = 0.5
"""A form with a larger share of the page's text is the page."""
MAX_FORMS = 3
"""Forms of a page of which one may be the page."""
LINKED_SHARE = 0.5
"""A named block is boilerplate if a larger share of its text is links."""
MAX_NOISE_CHARS = 400
"""A named block with more text outside of links is content."""
MAX_ID_WORDS = 2
"""A longer id is one of a method, `method-i-skip`, rather than of a menu, unless it has a word that only menus have."""
MIN_CONTENTS_LINKS = 3
MAX_WORK = 6
"""Times that the text of a page is read to find its boilerplate, at most: hostile pages nest one menu in another."""

_BY_ROLE = (
    "nav, dialog, [role=navigation], [role=search], [role=contentinfo], [role=dialog], [role=alertdialog], "
    "[role=menu], [role=menubar], [role=toolbar], [aria-modal=true], "
    "[hidden]:not([role=tabpanel]):not([hidden=until-found])"
)
_PERMALINKS = (
    "a.headerlink, a.anchor, a.anchorjs-link, a.permalink, a.hash-link, a.header-anchor, a.heading-anchor, a.mark, "
    "a.self-link, h1 > a[aria-hidden=true], h2 > a[aria-hidden=true], h3 > a[aria-hidden=true], .mw-editsection, "
    ".copybtn, .copy-button, a[class*=skip-link], a[class*=skip-to], a.skip, a.selflink, a.anchor-link, a.test-arrow, "
    ".method-click-advice, .prev-next-area, .prev-next-bottom"
)
_BESIDE_HEADINGS = ".srclink, .out-of-band"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SEQUENCE = "a[rel=next], a[rel=prev], a[rel=up]"
_SEQUENCE_RELS = frozenset(("next", "prev", "previous", "up", "start", "first", "last", "index", "contents", "home"))
_LINE_OF_LINKS = frozenset(("p", "div", "td", "li"))
MAX_SEQUENCE_CHARS = 60
"""A block of links to the next and previous page has at most so many characters beside them."""
_LINE_NUMBERS = (
    "td.linenos, td.lineno, td.gutter, td.line-numbers, td.lntd:first-child, td.blob-num, td.rouge-gutter, pre.lineno, "
    "pre.linenos, .linenodiv, .CodeMirror-gutters, td.hljs-ln-numbers, .line-numbers-wrapper, td.crayon-nums, "
    "div[class*=language-] > span.lang"
)
_NAMED = (
    "div[class], div[id], section[class], section[id], aside, ul[class], ol[class], ul[id], p[class], "
    "table[class], form, header, footer, dl[class], details[class]"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ALWAYS = frozenset((
    "sphinxsidebar", "navheader", "navfooter", "navbox", "catlinks", "printfooter", "skiplink", "noprint",
    "breadcrumb", "breadcrumbs", "pagination", "pager", "paginator", "sharedaddy", "addtoany", "navbar", "mobileonly",
    "nosearch"
))  # fmt: skip
_COOKIES = frozenset(("cookie", "cookies", "consent", "gdpr", "ccpa", "onetrust"))
_NOISE = frozenset((
    "sidebar", "nav", "navigation", "menu", "footer", "newsletter", "subscribe", "subscription", "share", "sharing",
    "social", "advert", "advertisement", "ads", "ad", "promo", "promotion", "sponsored", "sponsor", "skip", "related",
    "recommended", "recommendations", "helpful", "feedback", "signup", "login", "signin", "popup", "modal", "toolbar",
    "masthead", "banner", "widget", "crumbs", "prevnext", "siblings", "respond", "cta", "toolbox", "sitenav",
    "tagline", "rating", "follow", "tags", "trending", "outbrain", "taboola", "disclaimer", "copyright", "colophon",
    "backtotop", "edit"
))  # fmt: skip
_UNLESS_INSIDE = {"footer": ("blockquote", "figure"), "header": ("article", "main", "section")}
"""tags that are boilerplate, except inside of these"""
_CONTENTS = frozenset(("toc", "contents", "outline"))
_MENUS = _ALWAYS | {"sidebar", "nav", "navigation", "menu", "footer", "toolbar", "crumbs", "prevnext", "siblings"}
_RECORDS = frozenset(("table", "dl"))
"""tags whose names and values are content, unless they are named as a menu"""
_IN_RECORDS = frozenset(("dd", "td", "th"))
MIN_INTRODUCTION_CHARS = 20
"""A paragraph of so many characters that ends in a colon introduces the list behind it."""
_SIGNATURE = re.compile(r"::|->|=>|\(")
_LISTS = frozenset(("ul", "ol"))
_OUTER_LISTS = ":not(li) > ul, :not(li) > ol"
_SUSPECT_TAGS = _LISTS | {"form", *_UNLESS_INSIDE}
_SUSPECT_WORDS = _ALWAYS | _COOKIES | _NOISE | _CONTENTS
_PROTECTED = "main, [role=main], h1, article"


@dataclass(frozen=True)
class Content:
    """The element that holds the content, and the `mem_id` of the parts of it that are boilerplate."""

    root: LexborNode
    dropped: frozenset[int]


def content_of(tree: LexborHTMLParser, leads_away: Callable[[str], bool]) -> Content | None:
    """Find the content of a page; `leads_away` is true for a link to another page. None without a body."""
    body = tree.body
    if body is None:
        return None
    length = len(body.text())
    kept = _protected(body, length)
    dropped = {node.mem_id for node in body.css(f"{_PERMALINKS}, {_LINE_NUMBERS}")}
    dropped |= {node.mem_id for node in body.css(_BY_ROLE) if node.mem_id not in kept}
    dropped |= {node.mem_id for node in body.css(_BESIDE_HEADINGS) if _is_inside(node, HEADINGS)}
    dropped |= _sequences(body)
    if tabs := body.css("[role=tablist]"):
        named = body.css_first("[role=tabpanel]") is not None  # the tabs are the names of the panels
        dropped |= {node.mem_id for node in tabs if not named}
    left = MAX_WORK * (length + 20_000)
    for node in body.css(f"{_NAMED}, {_OUTER_LISTS}"):
        words = _names(node)
        if node.tag not in _SUSPECT_TAGS and not words:
            continue
        if (left := left - len(node.text()) - 200) < 0:
            break
        is_list = node.tag in _LISTS and _is_table_of_contents(node, leads_away) and not _is_introduced(node)
        if is_list or (node.mem_id not in kept and _is_noise(node, words, leads_away)):
            dropped.add(node.mem_id)
    title = tree.css_first("title")
    return Content(_root(body, length, " ".join(title.text().split()) if title else ""), frozenset(dropped))


def _protected(body: LexborNode, length: int) -> set[int]:
    """The main parts of the page and all elements around them."""
    kept = {body.mem_id}
    for node in body.css(_PROTECTED):
        above: LexborNode | None = node.parent if node.tag == "h1" else node
        while above is not None and above.mem_id not in kept:
            kept.add(above.mem_id)
            above = above.parent
    return kept | _page_forms(body, length)


def _page_forms(body: LexborNode, length: int) -> set[int]:
    """The form that holds most of the page, if there is one: ASP.NET writes all pages so, short ones too."""
    return {node.mem_id for node in body.css("form")[:MAX_FORMS] if len(node.text()) > MIN_FORM_SHARE * length}


def _is_noise(node: LexborNode, words: frozenset[str], leads_away: Callable[[str], bool]) -> bool:
    tag = node.tag
    if words & _ALWAYS:
        return True
    if tag in _UNLESS_INSIDE:
        return not _is_inside(node, _UNLESS_INSIDE[tag])
    if words & _CONTENTS:
        return _is_table_of_contents(node, leads_away, 1)
    if words & _COOKIES:
        return unlinked(node) < 4 * MAX_NOISE_CHARS and node.css_first("pre, h1") is None
    if tag == "form":
        return len(node.text()) < MAX_NOISE_CHARS or bool(words & _NOISE)
    named = _MENUS if tag in _RECORDS and node.css_first("th, dt") is not None else _NOISE
    return bool(words & named) and _is_short_or_linked(node)


def _sequences(body: LexborNode) -> set[int]:
    """The lines of links to the next, the previous and the upper page."""
    around = {node.parent.mem_id: node.parent for node in body.css(_SEQUENCE) if node.parent is not None}
    tables = [node for node in body.css("table.header, table.nav_table") if node.css_first("a[title*=' in reading ']")]
    found = {key for key, node in around.items() if node.tag in _LINE_OF_LINKS and _is_sequence(node)}
    return found | {table.mem_id for table in tables if unlinked(table) <= MAX_SEQUENCE_CHARS}


def _is_sequence(node: LexborNode) -> bool:
    links = node.css("a[href]")
    return all(link.attributes.get("rel") in _SEQUENCE_RELS for link in links) and unlinked(node) <= MAX_SEQUENCE_CHARS


def _is_introduced(node: LexborNode) -> bool:
    """True for a list that is part of a sentence or of a record: methods to see also, the fields of a file."""
    before, parent = node.prev, node.parent
    while before is not None and before.tag == "-text":
        before = before.prev
    if parent is not None and parent.tag in _IN_RECORDS:
        return True
    words = before.text().strip() if before is not None and before.tag == "p" else ""
    return len(words) >= MIN_INTRODUCTION_CHARS and words.endswith((":", "\uff1a"))


def _names(node: LexborNode) -> frozenset[str]:
    """The suspect words of class and id; the id of an element with a heading names its subject, and is left out."""
    attributes = node.attributes
    name, identity = attributes.get("class") or "", attributes.get("id") or ""
    by_class, by_id = _suspect_words(name), _suspect_words(identity)
    if by_id and len(_WORDS.findall(identity)) > MAX_ID_WORDS:
        by_id &= _MENUS | _COOKIES | _CONTENTS
    if by_id and node.css_first("h1, h2, h3, h4, h5, h6") is None:
        return by_class | by_id
    return by_class


@lru_cache(4_096)
def _suspect_words(name: str) -> frozenset[str]:
    words = {word.lower() for word in _WORDS.findall(name)} | {name.lower()}
    return _SUSPECT_WORDS.intersection(words)


def _is_short_or_linked(node: LexborNode) -> bool:
    length = _size(node)
    if length >= MAX_NOISE_CHARS and unlinked(node) >= (1 - LINKED_SHARE) * length:
        return False
    return node.css_first("pre") is None


def unlinked(node: LexborNode) -> int:
    """Characters of an element outside of links and scripts, without white space."""
    return _size(node) - sum(_size(part) for part in node.css("a, script, style, template, noscript"))


def _size(node: LexborNode) -> int:
    """Characters of an element without white space, of which generators write much between the entries of a menu."""
    return sum(map(len, node.text().split()))


def _is_table_of_contents(node: LexborNode, leads_away: Callable[[str], bool], least: int = MIN_CONTENTS_LINKS) -> bool:
    """True for a list of links into the page itself, `least` of them or more; a synopsis has types beside them."""
    links = node.css("a[href]")
    if len(links) < least:
        return False
    away = sum(leads_away(link.attributes.get("href") or "") for link in links)
    if away >= 0.2 * len(links) or unlinked(node) >= LINKED_SHARE * _size(node):
        return False
    items = node.css("li")
    return 2 * sum(bool(_SIGNATURE.search(item.text(deep=False))) for item in items) <= len(items)


def _is_inside(node: LexborNode, tags: tuple[str, ...]) -> bool:
    above = node.parent
    while above is not None and above.tag not in tags:
        above = above.parent
    return above is not None


def _root(body: LexborNode, length: int, title: str) -> LexborNode:
    """The main part of the page; several articles belong to one page and are kept together."""
    for selector in ("main, [role=main]", "article"):
        found = list(
            {node.mem_id: node for node in body.css(selector)}.values()
        )  # one that matches twice is there twice
        if not found or not all(_holds(found[0], node) for node in found[1:]):
            continue
        if _is_large(found[0], body, length) and _holds_title(body, found[0], title):
            return found[0]
    return body


def _is_large(part: LexborNode, body: LexborNode, length: int) -> bool:
    """True for a main part that holds enough of the page; the tree of a manual beside it may be much longer."""
    return len(part.text()) >= MIN_MAIN_SHARE * length or unlinked(part) >= MIN_MAIN_SHARE * max(1, unlinked(body))


def _holds(outer: LexborNode, inner: LexborNode) -> bool:
    above = inner.parent
    while above is not None and above.mem_id != outer.mem_id:
        above = above.parent
    return above is not None


def _holds_title(body: LexborNode, root: LexborNode, title: str) -> bool:
    """True unless the title of the page is outside of its main part, and not in the header of the site."""
    first, own = body.css_first("h1"), root.css_first("h1, h2")
    if first is None or root.css_first("h1") is not None or _is_inside(first, ("header", "nav")):
        return True
    return own is not None and (_is_in(own, title) or not _is_in(first, title))


def _is_in(heading: LexborNode, title: str) -> bool:
    return (words := " ".join(heading.text().split())) != "" and words in title
