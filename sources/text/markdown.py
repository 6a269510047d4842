"""Renders HTML as Markdown by its structure, for pages whose layout carries meaning: reference pages, code, tables.

Article extractors drop boilerplate and join code into one line. This renders a whole element in reading order
and keeps line breaks, headings, lists, tables, code and links. The tree is walked without recursion, because
pages can be nested more deeply than any call stack.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from selectolax.lexbor import LexborNode

SKIPPED = frozenset(
    ("script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "head", "form", "button")
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "figure", "figcaption", "address"}
    | {"details", "summary", "blockquote", "ul", "ol", "dl", "table", "thead", "tbody", "tfoot", "caption", "center"}
)
LINES = frozenset(("li", "dt", "dd", "tr", "td", "th", "option"))
PROSE_SHARE = 0.5
"""A page with a larger share of its text in <pre> is prose in <pre>, and is not fenced as code."""

_SPACE = re.compile(r"[ \t\n\r\f]+")
_BLANKS = re.compile(r"\n{3,}")
_BARE_HEADING = re.compile(r"#+[\s\xa0]*")
_LAYOUT = "table, pre, dl, ul, ol, br, p, div, h1, h2, h3, h4, hr"

Resolve = Callable[[str], str | None]
"""href → absolute url; None for a link without a target."""


def render(
    root: LexborNode, resolve: Resolve, *, headings: Sequence[tuple[str, int]] = (), plain: Sequence[str] = ()
) -> str:
    """Render an element as Markdown.

    `resolve` gives the target of each link. `headings` are (selector, level) pairs of elements to render as
    headings; `plain` are selectors of elements whose links become plain text.
    """
    marked = {node.mem_id: level for selector, level in headings for node in root.css(selector)}
    without_links = {node.mem_id for selector in plain for node in root.css(selector)}
    return _Page(root, resolve, marked, without_links).text()


class _Page:
    def __init__(self, root: LexborNode, resolve: Resolve, headings: dict[int, int], plain: set[int]) -> None:
        self._root = root
        self._resolve = resolve
        self._headings = headings
        self._plain = plain
        self._out: list[str] = []
        self._line: list[str] = []
        self._links: list[tuple[str | None, int]] = []
        self._lists: list[int | None] = []
        self._in_pre = self._in_plain = self._in_cells = 0
        in_pre = sum(len(node.text()) for node in root.css("pre"))
        self._fence = in_pre < PROSE_SHARE * max(1, len(root.text()))

    def text(self) -> str:
        for node, entering in _walk(self._root):
            tag = node.tag or ""
            if tag == "-text":
                if entering:
                    self._words(node.text_content or "")
            elif entering:
                self._enter(node, tag)
            else:
                self._leave(node, tag)
        self._end_line()
        return _BLANKS.sub("\n\n", "\n".join(self._out)).strip()

    def _words(self, text: str) -> None:
        if self._in_pre:
            self._line.append(text.replace("\r\n", "\n"))
            return
        words = _SPACE.sub(" ", text)
        if words.startswith(" ") and (not self._line or self._line[-1].endswith((" ", "\n"))):
            words = words[1:]
        if words:
            self._line.append(words)

    def _enter(self, node: LexborNode, tag: str) -> None:
        if tag == "br":
            self._break()
        elif tag == "hr":
            self._blank()
        elif tag == "a":
            self._links.append((self._target(node), len(self._line)))
        elif tag in BLOCKS or tag == "pre" or self._level(node, tag):
            self._enter_block(node, tag)
        elif tag in LINES:
            self._enter_line(tag)
        if node.mem_id in self._plain:
            self._in_plain += 1

    def _enter_block(self, node: LexborNode, tag: str) -> None:
        if self._in_cells:
            return
        if tag in ("ul", "ol") and self._lists:
            self._end_line()
        else:
            self._blank()
        if level := self._level(node, tag):
            self._line.append("#" * level + " ")
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "table" and _is_data(node):
            self._in_cells += 1
        elif tag == "pre":
            self._in_pre += 1
            if self._fence:
                self._out.append("```")

    def _enter_line(self, tag: str) -> None:
        if self._in_cells:
            if tag == "tr":
                self._end_line()
                self._line.append("| ")
            return
        self._end_line()
        if tag == "dt":
            self._blank()
        elif tag == "li":
            self._line.append("  " * max(0, len(self._lists) - 1) + self._marker())

    def _marker(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number + 1}. "

    def _leave(self, node: LexborNode, tag: str) -> None:
        if node.mem_id in self._plain:
            self._in_plain -= 1
        if tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag == "table" and self._in_cells and _is_data(node):
            self._in_cells -= 1
            self._blank()
        elif self._in_cells:
            self._leave_cell(node, tag)
        elif tag == "pre":
            self._leave_pre()
        elif tag in BLOCKS or self._level(node, tag):
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            if tag not in ("ul", "ol") or not self._lists:
                self._blank()
        elif tag in LINES:
            self._end_line()

    def _leave_cell(self, node: LexborNode, tag: str) -> None:
        if tag in ("td", "th"):
            self._line.append(" | ")
        elif tag == "tr":
            self._end_line()
            if node.css_first("th") is not None and node.css_first("td") is None:
                self._out.append("|" + " --- |" * len(node.css("th")))

    def _leave_pre(self) -> None:
        code = "".join(self._line).strip("\n").rstrip()
        self._line = []
        self._out.append(code)
        self._in_pre -= 1
        if self._fence:
            self._out.append("```")
        self._out.append("")

    def _target(self, node: LexborNode) -> str | None:
        href = node.attributes.get("href")
        if not href or self._in_pre or self._in_plain or node.mem_id in self._plain:
            return None
        return self._resolve(href)

    def _close_link(self, target: str | None, start: int) -> None:
        words = "".join(self._line[start:])
        if target and words.strip() and "\n" not in words:
            inner = words.strip().replace("[", "(").replace("]", ")")
            tail = " " if words.endswith(" ") else ""
            self._line[start:] = [f"[{inner}]({target.replace('(', '%28').replace(')', '%29')}){tail}"]

    def _level(self, node: LexborNode, tag: str) -> int:
        return HEADINGS.get(tag) or self._headings.get(node.mem_id, 0)

    def _break(self) -> None:
        if self._in_pre:
            self._line.append("\n")
        elif self._in_cells:
            self._line.append(" ")
        elif not self._line or not _BARE_HEADING.fullmatch("".join(self._line)):
            self._end_line(keep=True)

    def _end_line(self, *, keep: bool = False) -> None:
        if self._in_pre:
            return
        line = "".join(self._line).strip("\n").replace("\xa0", " ").rstrip()
        self._line = []
        if line.strip("-#| ") or keep:
            self._out.append(line)

    def _blank(self) -> None:
        self._end_line()
        if not self._in_pre and self._out and self._out[-1]:
            self._out.append("")


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Yield every node below the root twice: (node, True) before its children, (node, False) after them."""
    node: LexborNode | None = root.child
    depth = 0
    while node is not None:
        skipped = node.tag in SKIPPED or node.tag == "-comment"
        if not skipped:
            yield node, True
            if node.child is not None:
                node, depth = node.child, depth + 1
                continue
            yield node, False
        while node is not None and node.next is None and depth > 0:
            node, depth = node.parent, depth - 1
            if node is not None:
                yield node, False
        node = node.next if node is not None else None


def _is_data(table: LexborNode) -> bool:
    """True if a table holds values; False if it lays out the page."""
    inner = [node for node in table.css(_LAYOUT) if node.mem_id != table.mem_id]
    return not inner and any(len(row.css("td, th")) > 1 for row in table.css("tr"))
