"""The state of writing one page: the frame that is open, the lists and tables around it, and how its nodes are read.

Entering an element may return a function, which is called when the walk leaves the element again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sources.text.formulas.delimited import split_formulas
from sources.text.formulas.find import Formula
from sources.text.markdown.footnotes import Footnotes
from sources.text.markdown.frame import ONE_LINE, Frame
from sources.text.markdown.tables import Table

Resolve = Callable[[str], str | None]
"""href → absolute url; None for a link without a target."""
Leave = Callable[[], None]


@dataclass(frozen=True)
class Reading:
    """How the nodes of one page are read; the keys are the `mem_id` of nodes."""

    resolve: Resolve
    resolve_image: Resolve
    headings: Mapping[int, int] = field(default_factory=dict)
    """element → level, beside h1 to h6"""
    plain: frozenset[int] = frozenset()
    """elements whose links become plain text"""
    formulas: Mapping[int, Formula] = field(default_factory=dict)
    footnotes: Footnotes = field(default_factory=Footnotes)
    panels: Mapping[int, str] = field(default_factory=dict)
    """panel of a tab → name of the tab"""
    grids: Mapping[int, str] = field(default_factory=dict)
    """parts of tables that are written without the tags of tables"""
    dropped: frozenset[int] = frozenset()
    """elements that are not content"""
    code: frozenset[int] = frozenset()
    """elements other than `<pre>` that hold lines of code"""
    delimited_tex: bool = False
    """text may hold formulas between delimiters"""
    prose_in_pre: bool = False
    """write `<pre>` as text: the page has its prose there"""
    typewritten: bool = False
    """the page is a document in `<pre>`, with headings and links"""

    def special(self) -> frozenset[int]:
        """All nodes that are not read by their tag alone."""
        notes = self.footnotes
        own = (
            *self.headings,
            *self.plain,
            *self.formulas,
            *self.code,
            *self.panels,
            *self.grids,
            *notes.references,
            *notes.notes,
            *notes.inline,
            *notes.dropped,
        )
        return self.dropped.union(own)


class Page:
    """The Markdown of a page as far as it is written."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.frame = Frame("page")
        self.tables: list[Table | None] = []
        """the tables around the place of writing; None for one that only lays out the page"""
        self.lists: list[int | None] = []
        """the next number of each list around the place of writing; None for a list without numbers"""
        self.n_plain = 0
        """elements around the place of writing whose links become plain text"""

    def end_paragraph(self) -> None:
        self.frame.end_paragraph()

    def write(self, text: str) -> None:
        """Write text of the page, and the formulas in it."""
        if self.frame.in_code or ("\\" not in text and "$" not in text):
            self.frame.write(text)
            return
        for piece in split_formulas(text):
            if isinstance(piece, str):
                self.frame.write(piece)
            else:
                self.formula(piece)

    def open(self, kind: str, finish: Callable[[Frame], None], *, indents: bool = False) -> Leave:
        """Begin a frame inside the open one; on leaving, the outer frame is open again and `finish` gets the inner."""
        outer = self.frame
        outer.end_paragraph()
        inner = self.frame = Frame(kind, outer.depth + indents, outer.link)

        def leave() -> None:
            inner.end_paragraph()
            self.frame = outer
            finish(inner)

        return leave

    def mark(self, kind: str, target: str = "") -> Leave | None:
        """Begin an inline element."""
        frame = self.frame
        mark = frame.open(kind, target)
        return (lambda: frame.close(mark)) if mark is not None else None

    def label(self, name: str) -> None:
        """Write the name of a panel as a paragraph of its own."""
        self.end_paragraph()
        leave = self.mark("strong")
        self.frame.write(name)
        if leave is not None:
            leave()
        self.end_paragraph()

    def heading(self, level: int) -> Leave | None:
        """Begin a heading; inside a cell or a term it is strong text."""
        if self.frame.kind in ONE_LINE:
            return self.mark("strong")

        def finish(inner: Frame) -> None:
            if words := inner.one_line():
                self.frame.add(f"{'#' * level} {words}", "heading")

        return self.open("heading", finish)

    def formula(self, formula: Formula) -> None:
        """Write a formula into the sentence, or as a block of its own."""
        if formula.display and self.frame.kind not in ONE_LINE:
            self.frame.end_paragraph()
            if formula.tex:
                self.frame.add(f"$${formula.tex}$$", "formula")
        else:
            self.frame.raw(formula.inline())
