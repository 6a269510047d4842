"""A small lake with the records of every room, from documents to verdicts, written in the same order as by the rooms.

Attempts are good unless their kind plants a fault, so that a test contains exactly the fault that it is about. All
rows follow from the seed.
"""

import json
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypedDict, Unpack

from schemas import Decision, Document, Task, Trajectory, Turn, Verdict, content_id
from schemas.trajectory import trajectory_id
from tests.doubles.lakes.small_records import page_of, task_of, trajectory_of, turns_of, verdicts_of
from tests.doubles.lakes.small_steps import Kind, Step, edited, path_of, steps_of
from warehouse.lake import Lake, PartName

__all__ = [
    "Kind",
    "SmallLake",
    "edited",
    "make_small_lake",
    "write_decisions",
    "write_records",
    "write_small_lake",
]

SIGNALS: dict[str, Any] = {
    "calls_to_solve": 4, "answer_seen_at": 5, "named_early": False, "distinct_pages": 2, "repeated_queries": 0,
    "pass_rate": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class SmallLake:
    """The rows of a small lake, for tests to compare with."""

    documents: list[Document] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    trajectories: list[Trajectory] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    kinds: dict[str, Kind] = field(default_factory=dict)
    """Planned attempt (trajectory_id) -> its kind."""

    def planned(self) -> int:
        return sum(task.samples for task in self.tasks)

    def of_kind(self, *kinds: Kind) -> set[str]:
        return {attempt for attempt, kind in self.kinds.items() if kind in kinds}


class Shape(TypedDict, total=False):
    """The size of a small lake, and its faults."""

    n_tasks: int
    samples: int
    kinds: Mapping[tuple[int, int], Kind]
    """(task number, sample) -> kind; all others are good."""
    leaky: Collection[int]
    """Numbers of tasks whose instruction contains the answer."""
    domains: tuple[str, ...]
    n_calls: int
    words: int
    """Words of the agent's reasoning per turn."""
    seed: int


def make_small_lake(day: date, **shape: Unpack[Shape]) -> SmallLake:
    """Make the rows of a small lake without writing them: 6 tasks of 2 samples unless the shape differs."""
    made = SmallLake()
    seed, n_calls, words = shape.get("seed", 0), shape.get("n_calls", 4), shape.get("words", 40)
    domains = shape.get("domains", ("search",))
    for number in range(shape.get("n_tasks", 6)):
        dice = random.Random(f"{seed}-{number}")
        pages = [page_of(day, dice, f"http://127.0.0.1/{seed}/{number}/{side}.html") for side in ("from", "to")]
        task = task_of(day, dice, number, pages, shape.get("samples", 2), domains[number % len(domains)])
        if number in shape.get("leaky", ()):
            task = task.model_copy(update={"instruction": f"{task.instruction} (It is {task.answer}.)"})
        made.documents.extend(pages)
        made.tasks.append(task)
        first = path_of(random.Random(f"{seed}-{number}-0"), task, n_calls, words)
        for sample in range(task.samples):
            kind = shape.get("kinds", {}).get((number, sample), "good")
            fresh = path_of(random.Random(f"{seed}-{number}-{sample}"), task, n_calls, words)
            _attempt(made, day, task, sample, kind, first, fresh, pages)
    return made


def write_small_lake(lake: Lake, day: date, **shape: Unpack[Shape]) -> SmallLake:
    """Make a small lake and write one part per record; returns the rows."""
    made = make_small_lake(day, **shape)
    write_records(lake, day, made)
    return made


def write_records(lake: Lake, day: date, made: SmallLake, seq: int = 0) -> None:
    """Write the rows in the order of the rooms: turns before their trajectories."""
    lake.write(Document, made.documents, PartName(day, "crawl", seq))
    lake.write(Task, made.tasks, PartName(day, "tasks", seq))
    lake.write(Turn, made.turns, PartName(day, "rollout", seq))
    lake.write(Verdict, made.verdicts, PartName(day, "rollout", seq))
    lake.write(Trajectory, made.trajectories, PartName(day, "rollout", seq))


def write_decisions(
    lake: Lake,
    day: date,
    made: SmallLake,
    refused: Mapping[str, list[str]] | None = None,
    with_signals: Collection[str] = (),
) -> str:
    """Write one decision per finished attempt, as refine does; returns the refine_id.

    An attempt is kept unless `refused` has reasons for its id; those in `with_signals` have shortcut signals.
    """
    refused = refused or {}
    refine_id = content_id("refine", sorted(made.kinds), sorted(refused.items()))
    decided_at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6)
    rows = [
        Decision(
            trajectory_id=row.trajectory_id,
            refine_id=refine_id,
            kept=row.trajectory_id not in refused,
            reasons=refused.get(row.trajectory_id, []),
            gates=json.dumps({"outcome": _outcome("outcome:wrong_answer" in refused.get(row.trajectory_id, []))}),
            cluster_id=None,
            keeper_id=None,
            similarity=None,
            decided_at=decided_at,
            run_id=day.isoformat(),
            **(SIGNALS if row.trajectory_id in with_signals else {}),
        )
        for row in made.trajectories
        if row.status != "aborted"
    ]
    lake.write(Decision, rows, PartName(day, "refine", 0))
    return refine_id


def _outcome(wrong: bool) -> dict[str, object]:
    return {"keep": not wrong, "reason": "wrong_answer" if wrong else "ok"}


def _attempt(
    made: SmallLake,
    day: date,
    task: Task,
    sample: int,
    kind: Kind,
    first: list[Step],
    fresh: list[Step],
    pages: list[Document],
) -> None:
    attempt = trajectory_id(task.task_id, sample)
    made.kinds[attempt] = kind
    if kind == "pending":
        return
    turns = list(turns_of(day, attempt, task, steps_of(kind, first, fresh), pages, broken=kind == "broken"))
    made.turns.extend(turns)
    made.trajectories.append(trajectory_of(day, attempt, task, sample, kind, turns))
    if kind != "aborted":
        made.verdicts.extend(verdicts_of(day, attempt, turns, right=kind not in ("wrong", "turn_cap")))
