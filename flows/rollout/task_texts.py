"""Loads the long texts of a task, its setup and its hidden truth, when an attempt at it starts.

A setup may have 100 KB and its solution as many, so those of a whole night are never in memory together; short setups,
such as those of search, are read once for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from schemas import Hidden, Task
from schemas.record import Record
from warehouse.connect import execute, query
from warehouse.lake import Lake
from warehouse.part_faults import open_part

CACHED_PARTS = 4
"""Parts whose rows are kept; a night writes parts of a few tasks."""
SHORT_BYTES = 4_096
"""A setup of at most so many bytes is kept in memory."""


@dataclass(frozen=True)
class TaskTexts:
    """The places of the texts of planned tasks, by task id."""

    short: Mapping[str, str]
    """Setups that are short."""
    tasks: Mapping[str, Path]
    """Parts of the tasks."""
    hidden: Mapping[str, Path]
    """Parts of the hidden truths; a task without one is missing."""

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, lake: Lake, planned: Sequence[str]) -> "TaskTexts":
        """The places of the texts of the tasks with these ids."""
        wanted = set(planned)
        if not wanted:
            return cls({}, {}, {})
        tasks, hidden = (_parts(con, lake, model, wanted) for model in (Task, Hidden))
        values = {"parts": sorted({str(part) for part in tasks.values()}), "most_bytes": SHORT_BYTES}
        return cls(dict(execute(con, query("rollout", "short_setups"), values).fetchall()), tasks, hidden)

    def setup(self, task_id: str) -> str:
        """The setup of a task. Raises LakeDamaged."""
        found = self.short.get(task_id)
        return found if found is not None else str(_row(self.tasks[task_id], task_id, ["task_id", "setup"])["setup"])

    def truth(self, task_id: str) -> Hidden | None:
        """The hidden truth of a task; None if it has none. Raises LakeDamaged."""
        part = self.hidden.get(task_id)
        return Hidden.model_validate(_row(part, task_id, list(Hidden.model_fields))) if part else None


def _parts(con: duckdb.DuckDBPyConnection, lake: Lake, model: type[Record], wanted: set[str]) -> dict[str, Path]:
    """Task id -> part, the part of its first night if there are several."""
    rows = execute(con, query("rollout", "parts_of_tasks"), {"parts": lake.glob(model)}).fetchall()
    return {task: lake.at(part) for task, part, _ in rows if task in wanted}


def _row(part: Path, task_id: str, columns: Sequence[str]) -> dict[str, object]:
    for row in _rows(part, tuple(columns)):
        if row["task_id"] == task_id:
            return row
    raise LookupError(f"{part} no longer holds the task {task_id}: start the run again")


@lru_cache(maxsize=CACHED_PARTS)
def _rows(part: Path, columns: tuple[str, ...]) -> list[dict[str, object]]:
    """The rows of a part, which never changes; the attempts at one task, which follow each other, read it once."""
    with open_part(part) as file:
        known = [one for one in columns if one in file.schema_arrow.names]
        rows: list[dict[str, object]] = file.read(columns=known).to_pylist()
        return rows
