"""Counts the headings, links, lines of code, table rows and code spans of HTML, by lxml and without the extractor.

A source page and the Markdown that an extractor makes of it are counted by the same code: Markdown is first rendered
as HTML by markdown-it, so that only what another program reads as a heading or a table is counted as one.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urldefrag, urljoin

from lxml import html
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

KINDS = ("headings", "links", "code_lines", "table_rows", "inline_code")

Unit = tuple[str, ...]

_HOST = re.compile(r"^https?://[^/]+")
_PERMALINK = re.compile(r"^\W*$")
_GONE = ("script", "style", "template", "noscript", "svg", "button", "select", "textarea")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_CODE = ("code", "tt", "kbd", "samp")


def page(text: str) -> HtmlElement:
    """The tree of a page."""
    return html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8", huge_tree=True))


def rendered(markdown: str) -> HtmlElement:
    """The tree of Markdown as a reader sees it."""
    return page(
        f"<html><body>{MarkdownIt('commonmark').enable(['table', 'strikethrough']).render(markdown)}</body></html>"
    )


def units(root: HtmlElement, url: str) -> dict[str, Counter[Unit]]:
    """All units below an element, by kind."""
    return {kind: Counter(count(root, url)) for kind, count in _COUNTS.items()}


def kept(source: Counter[Unit], found: Counter[Unit], kind: str) -> int:
    """How many units of a page are found again; a row of a table is found in a row that holds all of its cells."""
    if kind != "table_rows":
        return (source & found).total()
    rows = [" | ".join(row) for row in found]
    return sum(n for row, n in source.items() if row in found or any(_holds(line, row) for line in rows))


def _holds(line: str, cells: Unit) -> bool:
    at = 0
    for cell in cells:
        at = line.find(cell, at)
        if at < 0:
            return False
        at += len(cell)
    return True


def _words(node: HtmlElement) -> str:
    """The words below an element in lower case; a link made of signs only leads to the place itself."""
    return " ".join(re.findall(r"\w+", "".join(_texts(node)).lower()))


def _texts(node: HtmlElement) -> Iterator[str]:
    if node.tag in _GONE or not isinstance(node.tag, str):
        return
    yield node.text or ""
    if node.tag in ("br", "p", "div", "li", "td"):
        yield " "
    for child in node:
        yield from _texts(child)
        yield child.tail or ""
    if node.tag in ("p", "div", "li", "td", "dt", "dd", "pre"):
        yield " "


def _headings(root: HtmlElement, _url: str) -> Iterator[Unit]:
    for node in root.iter(*_HEADINGS):
        if words := _words(node):
            yield node.tag, words


def _links(root: HtmlElement, url: str) -> Iterator[Unit]:
    for node in root.iter("a"):
        target = urldefrag(urljoin(url, (node.get("href") or "").strip()))[0]
        target = _HOST.sub(lambda found: found[0].lower(), target) + ("/" if target.count("/") == 2 else "")
        shown = _words(node) or " ".join(image.get("alt", "") for image in node.iter("img"))
        if target.startswith("http") and target != url and shown.strip() and not _inside(node, ("pre", *_GONE)):
            yield (target,)


def _code_lines(root: HtmlElement, _url: str) -> Iterator[Unit]:
    for node in root.iter("pre"):
        if _inside(node, ("pre",)):
            continue
        for line in "".join(node.itertext()).replace("\xa0", " ").split("\n"):
            if line.strip():
                yield (" ".join(line.split()),)


def _table_rows(root: HtmlElement, _url: str) -> Iterator[Unit]:
    for table in root.iter("table"):
        rows = list(table.iter("tr"))
        several = max((len(row.xpath("./td|./th")) for row in rows), default=0) > 1
        if len(rows) > 1 and several and not table.xpath(".//table|.//h1|.//h2|.//h3"):
            for row in rows:
                cells = tuple(words for cell in row.xpath("./td|./th") if (words := _words(cell)))
                if cells:
                    yield cells


def _inline_code(root: HtmlElement, _url: str) -> Iterator[Unit]:
    for node in root.iter(*_CODE):
        words = " ".join("".join(node.itertext()).split())
        if words and not _inside(node, ("pre", *_CODE, *_GONE)) and not _has_link_within(node, words):
            yield (words,)


def _has_link_within(node: HtmlElement, words: str) -> bool:
    """True for code of which a part is a link: Markdown has no link inside of a code span, and writes several."""
    return any(" ".join("".join(link.itertext()).split()) != words for link in node.iter("a"))


def _inside(node: HtmlElement, tags: tuple[str, ...]) -> bool:
    return any(above.tag in tags for above in node.iterancestors())


_COUNTS: dict[str, Callable[[HtmlElement, str], Iterator[Unit]]] = {
    "headings": _headings, "links": _links, "code_lines": _code_lines, "table_rows": _table_rows,
    "inline_code": _inline_code,
}  # fmt: skip
