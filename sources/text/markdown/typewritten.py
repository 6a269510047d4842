"""Documents that are typed into `<pre>`: manual pages of man2html, RFCs, and others whose layout is blanks and lines.

Written as code they would have no headings and no links. Here a paragraph is lines of text again, with its links and
bold words; a heading is a line that is marked as one; drawings, tables and code keep their columns in a fence.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from sources.text.boilerplate import HEADINGS
from sources.text.markdown.code import Code
from sources.text.markdown.delimiters import resolved
from sources.text.markdown.frame import Block
from sources.text.markdown.marks import escaped, escaped_line_starts, link

MIN_SHARE = 0.6
"""A typewritten page has a larger share of its text in `<pre>`."""
MAX_SIGNS_SHARE = 0.08
"""Source code has a larger share of signs."""
MIN_MARKED_HEADINGS = 2
"""Bold lines in capitals that make a page a manual page; one may be a statement of SQL."""
MAX_FIGURE_SIGNS_SHARE = 0.12
"""A paragraph with a larger share of signs is code or a drawing."""
MAX_HEADING_CHARS = 80

CODE_SIGNS = re.compile(r"[{}\[\]=;<_*/\\#|&+$@~^]")
_COLUMNS = re.compile(r"\S {4,}\S")
_MARKS = {"b": "**", "strong": "**", "u": "*", "i": "*", "em": "*"}
_HEADING = ", ".join((*HEADINGS, *(f"span.{tag}" for tag in HEADINGS)))
_SUB_INDENT = 3
"""Blanks before the heading of a subsection, at most; a paragraph has more."""
_RUNNING = "grey"
"""class of the lines at the ends of a page of paper, in RFCs"""


class _Piece(NamedTuple):
    """A part of a line: its text, the target of its link, its mark, and the level of the heading that it is in."""

    text: str
    href: str = ""
    mark: str = ""
    level: int = 0


def is_typewritten(root: LexborNode) -> bool:
    """True for a page that is nearly all text in `<pre>`, with headings in it or before several of them."""
    typed = root.css("pre")
    texts = [node.text() for node in typed]
    length = sum(map(len, texts))
    if not typed or length <= MIN_SHARE * len(root.text()):
        return False
    if sum(len(CODE_SIGNS.findall(text)) for text in texts) > MAX_SIGNS_SHARE * length:
        return False
    if any(node.css_first(_HEADING) is not None for node in typed):
        return True
    lines = [line for node in typed for line in _lines(node)]
    marked = sum(_is_marked_heading(line) and "".join(piece.text for piece in line).isupper() for line in lines)
    return marked >= MIN_MARKED_HEADINGS or _follow_headings(typed)


def typed_blocks(pre: LexborNode, resolve: Callable[[str], str | None]) -> list[Block]:
    """The headings, paragraphs and figures of a `<pre>`."""
    blocks, lines = list[Block](), list[list[_Piece]]()
    for line in [*_lines(pre), []]:
        heading, rest, level = _heading(line)
        if lines and (heading or not _plain(rest).strip()):
            blocks.append(_block(lines, resolve))
            lines = []
        if words := _markdown([piece._replace(mark="") for piece in heading], resolve):
            blocks.append(Block(f"{'#' * level} {resolved(words)}", "heading"))
        if _plain(rest).strip():
            lines.append(rest)
    return blocks


def _heading(line: list[_Piece]) -> tuple[list[_Piece], list[_Piece], int]:
    """The pieces of a heading, those behind it, which begin its paragraph, and its level."""
    if _is_marked_heading(line):
        return line, [], 2 if _plain(line)[:1].strip() else 3
    heading = [piece for piece in line if piece.level]
    return heading, [piece for piece in line if not piece.level], heading[0].level if heading else 0


def _follow_headings(typed: list[LexborNode]) -> bool:
    """True if each `<pre>` but the first stands behind a heading, and they hold bold words or links."""
    before = [next(_elements_before(node), None) for node in typed[1:]]
    is_marked = any(node.css_first("b, i, u, a[href]") is not None for node in typed)
    return is_marked and len(before) > 1 and all(node is not None and node.tag in HEADINGS for node in before)


def _elements_before(node: LexborNode) -> Iterator[LexborNode]:
    before = node.prev
    while before is not None:
        if before.tag not in ("-text", "-comment", "a"):
            yield before
        before = before.prev


def _lines(pre: LexborNode) -> list[list[_Piece]]:
    """The lines of a `<pre>` in pieces, without the running titles of paper."""
    lines: list[list[_Piece]] = [[]]
    for piece in _pieces(pre):
        first, *others = piece.text.expandtabs().split("\n")
        lines[-1].append(piece._replace(text=first))
        lines += [[piece._replace(text=other)] for other in others]
    return lines


def _pieces(pre: LexborNode) -> Iterator[_Piece]:
    stack = [(node, _Piece("")) for node in reversed(list(pre.iter(include_text=True)))]
    while stack:
        node, around = stack.pop()
        tag, name = node.tag or "", node.attributes.get("class") or ""
        if tag == "-text":
            yield around._replace(text=(node.text_content or "").replace("\r\n", "\n"))
        elif tag == "br":
            yield _Piece("\n")
        elif name != _RUNNING:
            inner = _within(tag, name, node.attributes.get("href"), around)
            stack += [(child, inner) for child in reversed(list(node.iter(include_text=True)))]


def _within(tag: str, name: str, href: str | None, around: _Piece) -> _Piece:
    heading = name if tag == "span" else tag
    level = int(heading[1]) if re.fullmatch("h[1-6]", heading) else around.level
    return _Piece("", (tag == "a" and href) or around.href, _MARKS.get(tag, around.mark), level)


def _plain(line: Iterable[_Piece]) -> str:
    return "".join(piece.text for piece in line)


def _is_marked_heading(line: list[_Piece]) -> bool:
    """True for a line of bold words that begins left of all paragraphs."""
    words = [piece for piece in line if piece.text.strip()]
    text = _plain(line)
    if not words or not all(piece.mark and not piece.href for piece in words) or len(text) > MAX_HEADING_CHARS:
        return False
    return len(text) - len(text.lstrip()) <= _SUB_INDENT and text.strip()[:1].isupper() and not _COLUMNS.search(text)


def _block(lines: list[list[_Piece]], resolve: Callable[[str], str | None]) -> Block:
    """A paragraph, or a figure whose columns matter."""
    plain = [_plain(line).rstrip() for line in lines]
    n_columns = sum(bool(_COLUMNS.search(text)) for text in plain)
    text = "".join(plain)
    if n_columns > max(1, len(plain) // 2) or len(CODE_SIGNS.findall(text)) > MAX_FIGURE_SIGNS_SHARE * len(
        text.replace(" ", "")
    ):
        indent = min(len(line) - len(line.lstrip()) for line in plain)
        return Block(Code("\n".join(line[indent:] for line in plain), "").fenced(), "code")
    written = "\n".join(_markdown(line, resolve) for line in lines)
    return Block(escaped_line_starts(resolved(written)), "paragraph")


def _markdown(line: list[_Piece], resolve: Callable[[str], str | None]) -> str:
    """A line with its links and marked words."""
    words = []
    for (href, mark), pieces in groupby(line, lambda piece: (piece.href, "" if piece.href else piece.mark)):
        text = escaped(re.sub(r"\s+", " ", _plain(pieces)))
        core = text.strip()
        target = resolve(href) if href and core else None
        marked = link(core, target) if target else f"{mark}{core}{mark}" if core else ""
        words.append(text.replace(core, marked, 1) if core else text)
    return re.sub(r" +", " ", "".join(words)).strip()
