"""Judges trajectories of the lake again whose part of verdicts was lost: verifiers need no teacher.

Each part of trajectories has a part of verdicts of the same name, so a missing one is known by its name.
"""

import re
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from flows.domains import domains
from flows.domains.contract import Finished
from flows.rollout.verifiers.judge import judge
from schemas import Hidden, Outcome, Record, Task, Trajectory, Turn, Verdict
from schemas.record import night_of
from warehouse.connect import connect, query
from warehouse.lake import Lake, PartName
from warehouse.part_faults import open_part

M = TypeVar("M", bound=Record)
PART = re.compile(r"(.+)-(rollout\d*)-(\d+)")
"""The name of a part that a rollout wrote: its night, the process, and a number."""
BATCH_TURNS = 256


def rejudge(lake: Lake) -> int:
    """Write the parts of verdicts that rollouts made and that are gone; returns the number of verdicts.

    Trajectories whose task or domain is gone have no verdicts. Raises LakeError.
    """
    written = 0
    for path in lake.parts(Trajectory):
        made = PART.fullmatch(path.stem)
        name = PartName(night_of(made[1]), made[2], int(made[3])) if made else None
        if name and not lake.part(Verdict, name).exists() and lake.part(Turn, name).exists():
            verdicts = _verdicts(lake, path, name)
            lake.write(Verdict, verdicts, name)
            written += len(verdicts)
    return written


def _verdicts(lake: Lake, trajectories: Path, name: PartName) -> list[Verdict]:
    outcomes = _outcomes(lake.part(Outcome, name))
    with open_part(trajectories) as part:
        found = {row["trajectory_id"]: _validated(Trajectory, row) for row in part.read().to_pylist()}
    tasks, hidden = _tasks(lake, sorted({row.task_id for row in found.values()}))
    verdicts: list[Verdict] = []
    with open_part(lake.part(Turn, name)) as part:
        rows = (row for batch in part.iter_batches(BATCH_TURNS) for row in batch.to_pylist())
        for attempt, of_one in groupby(rows, key=lambda row: row["trajectory_id"]):
            own = [_validated(Turn, row) for row in of_one]
            if (row := found.get(attempt)) and row.status != "aborted" and (task := tasks.get(row.task_id)):
                verdicts += judge(Finished(task, row, own, outcomes.get(attempt), hidden.get(task.task_id)))
    return verdicts


def _validated(model: type[M], row: dict[str, Any]) -> M:
    """A row as its record; columns that are newer than its part are null."""
    return model.model_validate(dict.fromkeys(model.model_fields) | row)


def _outcomes(path: Path) -> dict[str, Outcome]:
    """The outcomes of a part by trajectory; a part of environments without state has none."""
    if not path.exists():
        return {}
    with open_part(path) as part:
        return {row["trajectory_id"]: _validated(Outcome, row) for row in part.read().to_pylist()}


def _tasks(lake: Lake, ids: list[str]) -> tuple[dict[str, Task], dict[str, Hidden]]:
    """The tasks of known domains and their hidden truths, by id."""
    with connect(lake) as con:
        rows = con.sql(query("repair", "tasks_named"), params={"ids": ids}).to_arrow_table().to_pylist()
        truths = con.sql(query("repair", "hidden_named"), params={"ids": ids}).to_arrow_table().to_pylist()
    tasks = {row["task_id"]: _validated(Task, row) for row in rows if row["domain"] in domains()}
    return tasks, {row["task_id"]: _validated(Hidden, row) for row in truths}
