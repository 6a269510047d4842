"""The agent's own searches, made while questions are composed: what they find too early, and what they never find.

Each search is made once per night.
"""

from dataclasses import dataclass, field

from sources.index.library import Library

FIRST_HITS = 10
"""Hits of a clause's search, in which the answer may not be and a named page must be."""
PAGED_HITS = 50
"""Hits that an agent sees of one query if it turns pages."""


@dataclass(frozen=True)
class Searches:
    """Searches of one library."""

    library: Library
    _made: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)

    def urls(self, words: str, hits: int) -> tuple[str, ...]:
        """Addresses of the best pages for the words."""
        key = words, hits
        if key not in self._made:
            self._made[key] = tuple(hit.url for hit in self.library.search(words, hits))
        return self._made[key]

    def finds_late(self, words: str, url: str) -> bool:
        """True if the page is among the hits, but not among the first."""
        return url not in self.urls(words, FIRST_HITS) and url in self.urls(words, PAGED_HITS)
