"""Measures the text gates on the labelled rows: precision and recall by family, on both halves.

A bad row is found if a text gate refuses it, whichever it is. A good row of any family is a false positive of each
family whose gates refuse it. Answers of other gates, such as those on duplicates and outcomes, are set aside. The goal
counts the held-out half only, which no rule was written for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.judged import GATES, Judged, judged
from tests.flows.refine.gates.labelled.rows import DEFECTS, HALVES, labelled_rows

FIGURES = (
    "refine.gates_precision",
    "refine.gates_recall",
    *(
        f"refine.gates_{measure}_{half}_{family}"
        for half in HALVES
        for family in GATES
        for measure in ("precision", "recall")
    ),
)
FULL, SMOKE = 1, 6
"""Every nth labelled row is judged."""


@dataclass(frozen=True)
class Score:
    """Counts of a family in a half of the labelled rows."""

    family: str
    bad: int
    found: int
    """Bad rows that a text gate refuses."""
    named: int
    """Bad rows that the family's own gates refuse."""
    wronged: int
    """Good rows of any family that the family's own gates refuse."""

    def precision(self) -> float | None:
        """The share of bad rows among the rows that the family's gates refuse; None if they refuse none."""
        return round(self.named / (self.named + self.wronged), 4) if self.named + self.wronged else None

    def recall(self) -> float | None:
        """The share of bad rows that are found; None if there are none."""
        return round(self.found / self.bad, 4) if self.bad else None


def scores(rows: Sequence[Judged]) -> list[Score]:
    """One score per family, over the rows of one half."""
    return [_score(family, rows) for family in DEFECTS]


def figures(step: int) -> Iterator[Figure]:
    """The lowest precision and recall over the families of the held-out half, then those of each family and half."""
    halves = {half: scores(judged(labelled_rows(half)[::step])) for half in HALVES}
    for measure in ("precision", "recall"):
        values = [value for score in halves["held_out"] if (value := getattr(score, measure)()) is not None]
        yield Figure(f"refine.gates_{measure}", min(values), "share", "lowest over the families, held-out half")
    for half, found in halves.items():
        for score in found:
            against = f"{score.found} of {score.bad} bad rows found, {score.named} by the family's own gates, which "
            against += f"refuse {score.wronged} good rows"
            for measure in ("precision", "recall"):
                value = getattr(score, measure)()
                yield Figure(f"refine.gates_{measure}_{half}_{score.family}", value, "share", against)


def _score(family: str, rows: Sequence[Judged]) -> Score:
    bad = [one for one in rows if one.labelled.defect and one.labelled.family == family]
    return Score(
        family,
        len(bad),
        sum(one.is_refused() for one in bad),
        sum(one.is_refused_by(family) for one in bad),
        sum(one.is_refused_by(family) for one in rows if not one.labelled.defect),
    )
