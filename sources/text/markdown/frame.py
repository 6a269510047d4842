"""A frame collects the blocks of one container: the page, a list item, a quotation, a table cell, a heading.

Text is written piece by piece into the open paragraph. A block that begins inside a link or emphasis ends the
paragraph: the marks are closed there and opened again in the next paragraph, so that every paragraph is whole Markdown.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sources.text.markdown.delimiters import resolved
from sources.text.markdown.marks import IN_CODE, UNMARKED, Mark, escaped, escaped_line_starts

MAX_INDENTED = 10
"""Lists and quotations nested more deeply are not indented further, so that hostile pages stay small."""

ONE_LINE = frozenset(("cell", "heading", "term"))
"""Frames whose text becomes one line, and which therefore hold no blocks."""

_SPACE = re.compile(r"[ \t\n\r\f]+")
_BLANK_LINES = re.compile(r"\n(?:[ \xa0]*\n)+")
_NOTE_LABEL = re.compile(r"\[\^[^\]\n]+\]: ")
_EMPHASIS = frozenset(("strong", "em", "del"))
_TOGETHER = frozenset((("item", "item"), ("term", "term"), ("term", "definition")))


class Block(NamedTuple):
    """A finished block of Markdown; `kind` is paragraph, heading, item, term, definition, code, table, quote, …"""

    text: str
    kind: str


class Frame:
    """The blocks of one container and its open paragraph."""

    def __init__(self, kind: str, depth: int = 0, link: str = "") -> None:
        self.kind = kind
        self.depth = depth
        """containers that indent around this one"""
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._marks: list[Mark] = [Mark("link", 0, link)] if link else []
        self._line_break = {"heading": " ", "cell": "<br>"}.get(kind, "\n")
        self._is_one_line = kind in ONE_LINE
        self._emphasised = kind not in ("heading", "term")
        self.in_code = False
        """a code span is open"""
        self._closed = ("", 0)
        """kind of the mark that was closed last, and the number of pieces then"""

    @property
    def link(self) -> str:
        """The target of the open link; empty without one."""
        return next((mark.target for mark in reversed(self._marks) if mark.kind == "link"), "")

    def write(self, text: str) -> None:
        """Write text of the page; runs of white space are one space."""
        if "  " in text or not text.isprintable():
            text = _SPACE.sub(" ", text)
        self.raw(text if self.in_code else escaped(text))

    def raw(self, markdown: str) -> None:
        """Write finished inline Markdown."""
        if markdown.startswith(" ") and (not self._pieces or self._pieces[-1][-1] in " \n"):
            markdown = markdown[1:]
        if markdown:
            self._pieces.append(markdown)

    @property
    def awaits_note(self) -> bool:
        """True where only the label of a footnote is written; its paragraph goes on behind the label."""
        return len(self._pieces) == 1 and _NOTE_LABEL.fullmatch(self._pieces[0]) is not None

    def drop_label(self) -> None:
        """Leave a footnote; without any text, its label vanishes."""
        if self.awaits_note:
            self._pieces.clear()

    def line_break(self) -> None:
        if self._pieces:
            self._pieces.append(self._line_break)

    def open(self, kind: str, target: str = "") -> Mark | None:
        """Open an inline element; None where it makes no difference here."""
        if self.in_code and kind != "link":
            if kind in IN_CODE:
                self.raw(IN_CODE[kind])
            return None
        if any(mark.kind == kind for mark in self._marks) or (kind in _EMPHASIS and not self._emphasised):
            return None
        if kind == "link":
            self._end_code()
        mark = Mark(kind, len(self._pieces), target)
        if self._pieces and self._closed == (kind, len(self._pieces)) and kind in UNMARKED:
            self._reopen(mark)
        self._marks.append(mark)
        self.in_code |= kind == "code"
        return mark

    def _reopen(self, mark: Mark) -> None:
        """Go on with the mark that ended right here: `**a****b**` would not be read as bold."""
        plain = UNMARKED[mark.kind].fullmatch(self._pieces[-1])
        if plain is not None:
            self._pieces[-1] = plain[1] + plain[2]
            mark.start -= 1

    def close(self, mark: Mark) -> None:
        """Close an inline element; a code span around it goes on behind it."""
        if mark.kind == "link":
            self._end_code()
        self._wrap(mark)
        self._marks.remove(mark)
        self._closed = (mark.kind, len(self._pieces))
        if mark.kind == "code":
            self.in_code = False
        elif self.in_code:
            self._restart_code()

    def end_paragraph(self, kind: str = "paragraph") -> None:
        """Close the open paragraph; the marks that are open go on in the next one."""
        if not self._pieces or (self._pieces[0].startswith("[^") and self.awaits_note):
            return
        self._end_code()
        for mark in reversed(self._marks):
            self._wrap(mark)
            mark.start = 0
        text = "".join(self._pieces).strip(" \n\xa0")
        self._pieces.clear()
        if "\n" in text:
            text = _BLANK_LINES.sub("\n\n", text)
        if text:
            text = text.replace("\xa0", " ")
            self.add(escaped_line_starts(text if self._is_one_line else resolved(text)), kind)

    def add(self, text: str, kind: str) -> None:
        """Add a finished block."""
        self.blocks.append(Block(text, kind))

    def text(self) -> str:
        """All blocks as Markdown."""
        self.end_paragraph()
        return joined(self.blocks, compact=self.kind == "item")

    def one_line(self, separator: str = " ") -> str:
        """All blocks on one line, for headings, terms and cells."""
        self.end_paragraph()
        return resolved(separator.join(block.text.replace("\n", separator) for block in self.blocks))

    def _end_code(self) -> None:
        """Close the code span for a while: a link inside it is written around code of its own."""
        if self.in_code:
            self._wrap(next(mark for mark in self._marks if mark.kind == "code"))
            self._restart_code()

    def _restart_code(self) -> None:
        for mark in self._marks:
            if mark.kind == "code":
                mark.start = len(self._pieces)

    def _wrap(self, mark: Mark) -> None:
        inner = "".join(self._pieces[mark.start :])
        if inner:
            self._pieces[mark.start :] = [mark.wrap(inner)]


def joined(blocks: Iterable[Block], *, compact: bool = False) -> str:
    """Join blocks with a blank line between them, except items of one list, and a term and its definition."""
    pieces, last = list[str](), ""
    for text, kind in blocks:
        if pieces:
            tight = (last, kind) in _TOGETHER or (compact and kind == "item")
            pieces.append("\n" if tight else "\n\n")
        pieces.append(text)
        last = kind
    return "".join(pieces)


def prefixed(text: str, first: str, others: str) -> str:
    """Put `first` before the first line and `others` before every further one."""
    head, *lines = text.split("\n")
    return "\n".join((first + head, *(others + line if line else others.rstrip() for line in lines)))
