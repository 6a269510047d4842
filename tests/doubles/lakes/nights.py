"""Lakes of several nights, each with its own numbers of pages, attempts, solved and kept attempts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import orjson

from schemas import Decision
from tests.doubles.lakes.small_lake import make_small_lake, write_records
from warehouse.lake import Lake, PartName

FIRST = date(2026, 11, 1)


@dataclass(frozen=True)
class Made:
    """The figures of one night; `words` scales the tokens of its attempts."""

    tasks: int = 10
    solved: int = 8
    kept: int = 6
    pages: int = 20
    words: int = 10


def write_nights(lake: Lake, *nights: Made) -> date:
    """Write consecutive nights from FIRST, then one refine that decides on all their attempts; returns the last."""
    decisions = list[Decision]()
    day = FIRST
    for number, night in enumerate(nights):
        day = FIRST + timedelta(days=number)
        made = make_small_lake(day, seed=number, n_tasks=night.tasks, samples=1, words=night.words)
        del made.documents[night.pages :]
        write_records(lake, day, made)
        for place, row in enumerate(made.trajectories):
            decisions.append(_decision(row.trajectory_id, day, place < night.solved, place < night.kept))
    lake.write(
        Decision, [row.model_copy(update={"decided_at": _noon(day)}) for row in decisions], PartName(day, "refine", 0)
    )
    return day


def _decision(trajectory_id: str, day: date, solved: bool, kept: bool) -> Decision:
    outcome = {"keep": solved, "reason": "ok" if solved else "wrong_answer", "value": None}
    return Decision(
        trajectory_id=trajectory_id,
        refine_id="refine",
        kept=kept,
        reasons=[] if kept else ["outcome:wrong_answer"],
        gates=orjson.dumps({"outcome": outcome}).decode(),
        cluster_id=None,
        keeper_id=None,
        similarity=None,
        decided_at=_noon(day),
        run_id=day.isoformat(),
    )


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
