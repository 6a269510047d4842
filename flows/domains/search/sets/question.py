"""A question before it becomes a task: its sentences, its truth, and what must be read to find it.

Composers build it; its truth is then computed again from page texts (`recount.py`), and `shortcuts.py` refuses it if a
shorter way answers it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.domains.search.sets.graph import Attribute, Listed, Page

Truth = float | Page | tuple[Page, ...]
"""A number, one page, or a set of pages."""


@dataclass(frozen=True)
class Question:
    """One question; `reads` are the pages whose facts decide, each to be read whole."""

    sentences: tuple[str, ...]
    truth: Truth
    reads: tuple[Page, ...]
    again: Callable[[], Truth]
    """Computes the truth again, from the texts of the pages (`recount.py`); raises LookupError if it cannot."""
    sets: tuple[Listed, ...] = ()
    hubs: tuple[Page, ...] = ()
    """Pages that the question names."""
    clauses: tuple[str, ...] = ()
    """Words of each part of the question, as an agent would search for them first."""
    attributes: tuple[Attribute, ...] = ()
    asked: tuple[Page, ...] = ()
    """All pages of the sets, in order."""
    gathered: tuple[tuple[Page, ...], ...] = ()
    """The pages that each clause describes, if it describes several, which an agent gathers by searching."""
    line: tuple[str, ...] = ()
    """Parts that make it another question than others: two with the same line are one question in other words."""

    @property
    def answer_pages(self) -> tuple[Page, ...]:
        """The pages that are the answer; none if it is a number."""
        if isinstance(self.truth, Page):
            return (self.truth,)
        return self.truth if isinstance(self.truth, tuple) else ()


def of_sets(  # noqa: PLR0913, PLR0917 (the parts of a question)
    sentences: Sequence[str],
    truth: Truth,
    pages: Sequence[Page],
    again: Callable[[], Truth],
    sets: Sequence[Listed],
    attribute: Attribute,
    line: Sequence[str],
) -> Question:
    """A question on one attribute of the pages of some sets, which names their hubs; all these pages are read."""
    return Question(
        sentences=tuple(sentences),
        truth=truth,
        reads=tuple(pages),
        again=again,
        sets=tuple(sets),
        hubs=tuple(one.hub for one in sets),
        clauses=tuple(f"{one.heading} {one.hub.name}" for one in sets),
        attributes=(attribute,),
        asked=tuple(pages),
        line=tuple(line),
    )
