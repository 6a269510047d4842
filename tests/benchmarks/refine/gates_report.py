"""`python -m tests.benchmarks.refine.gates_report [--readme]`: how the gates judge the labelled rows, row by row.

It prints the table of precision and recall, each misjudged row of the tuning half with the gates' reasons, and only
counts of the held-out half: a rule written for a held-out row would make that half worthless. With --readme it
replaces the table in the room's README.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.refine.gates import Score, scores
from tests.benchmarks.refine.judged import SET_ASIDE, Judged, judged
from tests.flows.refine.gates.labelled.rows import HALVES, labelled_rows

README = Path(__file__).parents[3] / "flows" / "refine" / "gates" / "README.md"
HEAD = (
    "| family | precision, tuning | recall, tuning | precision, held out | recall, held out |\n|---|---|---|---|---|\n"
)
TABLE = re.compile(re.escape(HEAD) + r"(?:\|.*\n)*")


def table(tuning: Sequence[Score], held_out: Sequence[Score]) -> str:
    """A Markdown table with one line per family."""
    lines = []
    for one, other in zip(tuning, held_out, strict=True):
        values = (one.precision(), one.recall(), other.precision(), other.recall())
        lines.append(f"| {one.family} | {' | '.join(map(_share, values))} |\n")
    return HEAD + "".join(lines)


def misjudged(rows: Sequence[Judged]) -> Iterator[str]:
    """One line per bad row that no text gate refuses, and per good row that a text gate refuses."""
    for one in rows:
        if one.is_refused() == (one.labelled.defect is None):
            kind = "missed" if one.labelled.defect else "wronged"
            label = one.labelled.defect or one.labelled.resembles
            yield f"{kind} {one.labelled.id} {label} {_reasons(one)}".rstrip()


def counts(rows: Sequence[Judged]) -> Iterator[str]:
    """Misjudged rows by family, defect and language, without their ids; the reasons of gates that refuse good rows."""
    for kind, is_bad in (("missed", True), ("wronged", False)):
        wrong = [one for one in rows if (one.labelled.defect is not None) == is_bad and one.is_refused() != is_bad]
        for labels, times in sorted(Counter(_labels(one) for one in wrong).items()):
            yield f"{kind} {times} {' '.join(labels)}"
        if not is_bad:
            yield from (f"{reason}: {n} good rows" for reason, n in Counter(map(_reasons, wrong)).most_common())


def set_aside(rows: Sequence[Judged]) -> Iterator[str]:
    """Good rows that other gates refuse: the answers of these gates are not counted."""
    found = Counter(
        f"{gate}:{reason}"
        for one in rows
        if one.labelled.defect is None
        for gate, reason in one.refused_by.items()
        if gate in SET_ASIDE
    )
    yield from (f"set aside {gate}: {times} good rows" for gate, times in found.most_common())


def _labels(one: Judged) -> tuple[str, str, str]:
    return one.labelled.family, one.labelled.defect or one.labelled.resembles or "", one.labelled.language


def _reasons(one: Judged) -> str:
    return " ".join(f"{gate}:{reason}" for gate, reason in one.refused_by.items() if gate not in SET_ASIDE)


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"


def main(words: Sequence[str]) -> None:
    """Judge both halves and print the report; with --readme, also replace the table in the room's README."""
    tuning, held_out = (judged(labelled_rows(half)) for half in HALVES)
    found = table(scores(tuning), scores(held_out))
    if "--readme" in words:
        README.write_text(TABLE.sub(lambda _: found, README.read_text("utf-8")), "utf-8")
    print(found)
    print("tuning", *misjudged(tuning), *set_aside(tuning), sep="\n")
    print("\nheld out", *counts(held_out), *set_aside(held_out), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
