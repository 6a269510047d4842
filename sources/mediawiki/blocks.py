"""Collects lines of wikitext as blocks of HTML: paragraphs, nested lists by their markers, and ready-made blocks."""

import html
import re

LISTS = {"*": ("ul", "li"), "#": ("ol", "li"), ":": ("dl", "dd"), ";": ("dl", "dt")}
"""Marker at the start of a line → elements of the list and of its item."""
_QUOTES = re.compile(r"'{2,}")


class Blocks:
    """HTML under construction; a line ends at each line break of the text."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._line: list[str] = []
        self._paragraph: list[str] = []
        self._markers = ""
        self._open = ""

    def text(self, text: str) -> None:
        """Add text, in which line breaks end lines and an empty line ends the paragraph."""
        first, *others = text.split("\n")
        self.inline(html.escape(_QUOTES.sub("", first), quote=False))
        for line in others:
            self._end_line()
            self.inline(html.escape(_QUOTES.sub("", line), quote=False))

    def inline(self, markup: str) -> None:
        """Add HTML to the line."""
        if markup:
            self._line.append(markup)

    def marker(self, marker: str) -> None:
        """Add a list marker. A `:` after words ends a term and begins its definition."""
        if "".join(self._line).strip() and self._markers.endswith(";") and marker == ":":
            self._end_line(keep_lists=True)
            self._markers = self._open[:-1]
        self._markers += marker

    def block(self, markup: str) -> None:
        """Add a block of HTML: within the item if the line is one, else between paragraphs."""
        if self._markers:
            self._line.append(markup)
            return
        self._end_line()
        self._end_paragraph()
        self._close_lists("")
        self._out.append(markup)

    def html(self) -> str:
        """Return everything as blocks."""
        self._end_line()
        self._end_paragraph()
        self._close_lists("")
        return "\n".join(self._out)

    def inner_html(self) -> str:
        """Return everything as the content of a line or cell: one paragraph is written without its element."""
        if not self._out and not self._open and not self._markers and not self._paragraph:
            return "".join(self._line).strip("\n")
        whole = self.html()
        only = whole.removeprefix("<p>").removesuffix("</p>")
        return only if whole == f"<p>{only}</p>" and "<p>" not in only else whole

    def _end_line(self, *, keep_lists: bool = False) -> None:
        words, markers = "".join(self._line), self._markers
        self._line, self._markers = [], ""
        if markers:
            self._end_paragraph()
            self._item(markers, words.strip())
        elif words.strip():
            self._close_lists("")
            self._paragraph.append(words)
        elif not keep_lists:
            self._end_paragraph()
            self._close_lists("")

    def _item(self, markers: str, words: str) -> None:
        kept = 0
        while kept < min(len(markers), len(self._open)) and LISTS[markers[kept]][0] == LISTS[self._open[kept]][0]:
            kept += 1
        self._close_lists(self._open[:kept])
        if kept == len(markers):
            self._out.append(f"</{LISTS[self._open[-1]][1]}><{LISTS[markers[-1]][1]}>")
        for marker in markers[kept:]:
            outer, inner = LISTS[marker]
            self._out.append(f"<{outer}><{inner}>")
        self._open = markers
        self._out[-1] += words

    def _close_lists(self, kept: str) -> None:
        for marker in reversed(self._open[len(kept) :]):
            outer, inner = LISTS[marker]
            self._out.append(f"</{inner}></{outer}>")
        self._open = kept

    def _end_paragraph(self) -> None:
        if self._paragraph:
            self._out.append(f"<p>{chr(10).join(self._paragraph)}</p>")
            self._paragraph = []
