"""Records a run in the lake: its cost (`rollouts`), and the state in which it left each unfinished attempt.

Only the journal knows the progress of an unfinished attempt, and it is locked while a run works with it. Each run
therefore writes this record at its end, however it ends. The record of a killed run is written by the next run.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.rollout.journal.journal import Journal
from flows.rollout.monitor.run_status import RunStatus, read_status, save_status
from schemas.record import Record, arrow_schema, night_of
from schemas.rollout import Rollout, Unfinished
from warehouse.connect import connect, execute, query
from warehouse.lake import Lake, PartName

WORKER = "rollout"
PROGRESS = pa.schema(
    {
        "trajectory_id": pa.string(),
        "error": pa.string(),
        "aborted": pa.bool_(),
        "messages": pa.int64(),
        "n_turns": pa.int64(),
        "n_tokens": pa.int64(),
        "n_sampled_tokens": pa.int64(),
    }
)


@dataclass(frozen=True)
class Progress:
    """The unfinished attempts of the journal at the start of a run, the baseline for its progress."""

    aborts: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    """Attempt -> number of its aborts, and the error of the last one."""
    turns: int = 0
    """Turns of the teacher in all unfinished attempts."""

    @classmethod
    def read(cls, journal: Journal) -> "Progress":
        """Read the present progress. Raises JournalError."""
        found = journal.read("attempt_progress")
        return cls({row[0]: (row[1], row[2]) for row in found}, sum(row[4] for row in found))

    def since(self, journal: Journal) -> pa.Table:
        """Return a table with the columns of PROGRESS: `aborted` is true for aborts after this state."""
        rows = journal.read("attempt_progress")
        columns = [(id, error, self._aborted(id, aborts, error), *counts) for id, aborts, error, *counts in rows]
        return pa.Table.from_pylist([dict(zip(PROGRESS.names, row, strict=True)) for row in columns], schema=PROGRESS)

    def _aborted(self, attempt: str, aborts: int, error: str | None) -> bool:
        return error is not None and (aborts, error) != self.aborts.get(attempt)


def record_run(status: RunStatus, journal: Journal, lake: Lake, before: Progress) -> dict[str, int]:
    """Write the record of an ended run and its unfinished attempts; return the number of attempts by reason.

    Raises JournalError, LakeError.
    """
    unfinished = _unfinished(status, journal, lake, before)
    if unfinished.num_rows:
        lake.write_table(Unfinished, unfinished, _next_part(lake, Unfinished, status.run_id))
    lake.write(Rollout, [_row(status)], _next_part(lake, Rollout, status.run_id))
    reasons = unfinished.column("reason").value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in reasons}


def record_killed_run(state: Path, lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Write the record of a run whose process was killed, once; the caller must hold the journal's lock."""
    status = read_status(state)
    if status is None or status.ending is not None:
        return
    killed = status.model_copy(update={"ending": "killed", "detail": "its process ended without a final status"})
    if not execute(con, query("rollout", "run_recorded"), {"begun": status.begun}).fetchall()[0][0]:
        lake.write(Rollout, [_row(killed)], _next_part(lake, Rollout, status.run_id))
    save_status(killed, state)


def _unfinished(status: RunStatus, journal: Journal, lake: Lake, before: Progress) -> pa.Table:
    with connect(lake) as con:
        con.register("progress", before.since(journal))
        text = query("rollout", "unfinished_attempts")
        found = con.sql(text, params={"ending": status.ending}).to_arrow_table()
    for name, value in (("stopped_at", status.at), ("run_id", status.run_id)):
        found = found.append_column(name, pa.array([value] * found.num_rows, arrow_schema(Unfinished).field(name).type))
    return found.cast(arrow_schema(Unfinished))


def _row(status: RunStatus) -> Rollout:
    return Rollout(
        run_id=status.run_id,
        started_at=status.begun,
        ended_at=status.at,
        ending=status.ending or "",
        detail=status.detail,
        engine=status.engine,
        gpus=status.gpus,
        teacher_seconds=status.teacher_s,
        gpu_seconds=status.gpu_seconds,
        planned=status.planned,
        finished=status.finished,
        given_up=status.given_up,
        aborted=status.aborted,
        turns=status.turns,
        sampled_tokens=status.sampled_tokens,
        user_tokens=status.user_tokens,
        prefix_cache_hit_rate=status.cache_hit,
        faults=json.dumps(status.faults, sort_keys=True),
        discarded=status.discarded,
        discarded_tokens=status.discarded_tokens,
        context_window=status.context_window,
        kv_tokens=status.kv_tokens,
        prompt_tokens=status.prompt_tokens if status.engine == "chat" else None,
        cached_prompt_tokens=status.cached_tokens if status.engine == "chat" else None,
        cost=status.cost,
    )


def _next_part(lake: Lake, model: type[Record], run_id: str) -> PartName:
    return lake.next_part(night_of(run_id), WORKER, model)
