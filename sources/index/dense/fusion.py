"""One ranking of pages from two: by words, and by meaning (reciprocal rank fusion, Cormack et al. 2009)."""

from collections.abc import Sequence

from sources.index.results import Hit

DEPTH = 50
"""Pages of each ranking that are fused; those behind follow in the order of the ranking by words."""
DAMPING = 60
"""Places by which ranks are damped: a page that both rankings have goes before the first page of one alone."""
Ranking = Sequence[list[Hit]]
"""Pages in order, each with its matching passages, the best first."""


def fused(by_words: Ranking, by_meaning: Ranking) -> list[list[Hit]]:
    """All pages of both, the best first; a page's passages begin with those of the ranking that has it higher.

    The first pages do not depend on how far the ranking by words goes on, so pages of results fit together.
    """
    places = [{hits[0].url: place for place, hits in enumerate(ranking[:DEPTH])} for ranking in (by_words, by_meaning)]
    passages = {
        ranking_at: {hits[0].url: hits for hits in ranking} for ranking_at, ranking in enumerate((by_words, by_meaning))
    }
    shared = dict.fromkeys([*places[0], *places[1]])
    best = sorted(shared, key=lambda url: -sum(1 / (DAMPING + 1 + one[url]) for one in places if url in one))
    return [
        *(_passages(url, places, passages) for url in best),
        *(hits for hits in by_words if hits[0].url not in shared),
    ]


def _passages(url: str, places: list[dict[str, int]], passages: dict[int, dict[str, list[Hit]]]) -> list[Hit]:
    order = sorted((places[at].get(url, DEPTH), at) for at in passages if url in passages[at])
    hits = [hit for _, at in order for hit in passages[at][url]]
    return list({hit.passage: hit for hit in reversed(hits)}.values())[::-1]
