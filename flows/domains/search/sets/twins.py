"""Twins: two questions of one composer that rest on mostly the same pages, or that read alike.

Both count, since the rows of one table give questions over different pages that differ in a number alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

SAME_PAGES = 0.5
"""Share of common pages, of all, above which two questions are twins."""
ALIKE = 0.6
"""Share of common pages and runs of words, of all, above which they are."""
RUN = 3
"""Words of a run; a quoted name is one word."""
WORD = re.compile(r"“[^”]+”|\w+")


@dataclass(frozen=True)
class Asked:
    """A question as it is compared: the doc_ids of its pages, and with them the runs of its words."""

    pages: frozenset[str]
    marks: frozenset[str]

    def is_twin_of(self, other: "Asked") -> bool:
        """True if one of the two adds little to the other."""
        return _share(self.pages, other.pages) > SAME_PAGES or _share(self.marks, other.marks) > ALIKE

    def words_shared(self, other: "Asked") -> float:
        """The share of common runs of words, of all, whatever their pages."""
        return _share(self.marks - self.pages, other.marks - other.pages)


def asked_of(doc_ids: Iterable[str], instruction: str) -> Asked:
    """A question with these pages in these words."""
    pages, words = frozenset(doc_ids), WORD.findall(instruction)
    runs = (" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1))
    return Asked(pages, pages.union(runs))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / max(1, len(one) + len(other) - common)
