"""What a run leaves in the lake beside its trajectories: what it cost, and where every unfinished attempt stands.

Only the journal knows how far an unfinished attempt came, and it is locked while anyone works with it; so
each run writes that down when it ends, however it ends. A run that was killed is written down by the next.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.rollout.journal.journal import Journal
from flows.rollout.monitor.run_status import Live, read, save
from schemas.record import Record, arrow_schema
from schemas.rollout import Rollout, Unfinished
from warehouse.connect import connect, run, sql_files
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
class Standing:
    """Where the attempts in the journal stood when a run began."""

    aborts: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    """Attempt -> how often it had aborted, and what was said of the last time."""
    turns: int = 0

    @classmethod
    def of(cls, journal: Journal) -> "Standing":
        """Read it; raises JournalError."""
        found = journal.read("attempt_progress")
        return cls({row[0]: (row[1], row[2]) for row in found}, sum(row[4] for row in found))

    def progress(self, journal: Journal) -> pa.Table:
        """How far each attempt has come, and whether it aborted since."""
        rows = journal.read("attempt_progress")
        columns = [(id, error, self._aborted(id, aborts, error), *counts) for id, aborts, error, *counts in rows]
        return pa.Table.from_pylist([dict(zip(PROGRESS.names, row, strict=True)) for row in columns], schema=PROGRESS)

    def _aborted(self, attempt: str, aborts: int, error: str | None) -> bool:
        return error is not None and (aborts, error) != self.aborts.get(attempt)


def write_down(live: Live, journal: Journal, lake: Lake, before: Standing) -> dict[str, int]:
    """Write an ended run and what it left; returns how many attempts were left for each reason."""
    left = _left(live, journal, lake, before)
    if left.num_rows:
        lake.write_table(Unfinished, left, _next(lake, Unfinished, live.run_id))
    lake.write(Rollout, [_row(live)], _next(lake, Rollout, live.run_id))
    reasons = left.column("reason").value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in reasons}


def write_down_killed(state: Path, lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Write down a run that could not do so itself; to be called by the one who holds the journal."""
    live = read(state)
    if live is None or live.ending is not None:
        return
    ended = live.model_copy(update={"ending": "killed", "detail": "its process ended without a word"})
    if not run(con, sql_files("rollout")["run_recorded"], {"begun": live.begun}).fetchall()[0][0]:
        lake.write(Rollout, [_row(ended)], _next(lake, Rollout, live.run_id))
    save(ended, state)


def _left(live: Live, journal: Journal, lake: Lake, before: Standing) -> pa.Table:
    with connect(lake) as con:
        con.register("progress", before.progress(journal))
        found = con.sql(sql_files("rollout")["unfinished_attempts"], params={"ending": live.ending}).to_arrow_table()
    for name, value in (("stopped_at", live.at), ("run_id", live.run_id)):
        found = found.append_column(name, pa.array([value] * found.num_rows, arrow_schema(Unfinished).field(name).type))
    return found.cast(arrow_schema(Unfinished))


def _row(live: Live) -> Rollout:
    return Rollout(
        run_id=live.run_id,
        started_at=live.begun,
        ended_at=live.at,
        ending=live.ending or "",
        detail=live.detail,
        engine=live.engine,
        gpus=live.gpus,
        teacher_seconds=live.teacher_s,
        gpu_seconds=live.gpu_seconds,
        planned=live.planned,
        finished=live.finished,
        given_up=live.given_up,
        aborted=live.aborted,
        turns=live.turns,
        sampled_tokens=live.sampled_tokens,
        prefix_cache_hit_rate=live.cache_hit,
        faults=json.dumps(live.faults, sort_keys=True),
    )


def _next(lake: Lake, model: type[Record], run_id: str) -> PartName:
    day = date.fromisoformat(run_id)
    return PartName(day, WORKER, len(lake.parts(model, day)))
