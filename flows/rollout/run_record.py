"""The state of one run: the planned attempts, the meter, and the record that the run leaves at its end.

However a run ends (done, by a budget, by an error, interrupted), its finished trajectories are drained, and its cost
and its unfinished attempts are written to the lake before the journal is closed.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from flows.rollout.journal.drain import drain
from flows.rollout.journal.file import JournalError
from flows.rollout.journal.journal import Journal
from flows.rollout.monitor.accounting import Progress, record_run
from flows.rollout.monitor.budget import Budget
from flows.rollout.monitor.run_status import new_status, save_status
from flows.rollout.monitor.throughput import Meter
from flows.rollout.task_texts import TaskTexts
from flows.settings import Settings
from warehouse.connect import execute, query
from warehouse.lake import Lake, LakeError

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """Settings, lake, journal, planned attempts and meter of one run."""

    settings: Settings
    day: date
    lake: Lake
    journal: Journal
    planned: pa.Table
    """One row per attempt to make, longest expected first: `sample`, `expected_tokens`, the task's short columns."""
    texts: TaskTexts
    """The setups and hidden truths of those tasks."""
    progress: Progress
    """Progress of the unfinished attempts at the start of the run."""
    meter: Meter

    def of(self, owns: Callable[[str], bool]) -> "Run":
        """Return the run of only those attempts whose task `owns` is true of."""
        owned = pa.array(map(owns, self.planned["task_id"].to_pylist()), pa.bool_())
        return replace(self, planned=self.planned.filter(owned))

    def end(self, ending: str, detail: str = "") -> dict[str, int]:
        """Drain finished trajectories and record the run; return the number of unfinished attempts by reason.

        Raises JournalError, LakeError.
        """
        drain(self.journal, self.lake)
        status = self.meter.end(ending, detail)
        unfinished = record_run(status, self.journal, self.lake, self.progress)
        save_status(status, self.settings.state)
        return unfinished

    def fail(self, error: BaseException) -> None:
        """Record a run that an error or an interrupt ended, as far as journal and lake still permit; never raises."""
        failed = isinstance(error, Exception)
        ending = ("failed", f"{type(error).__name__}: {error}") if failed else ("interrupted", "")
        try:
            self.end(*ending)
        except (JournalError, LakeError) as second_error:
            LOG.warning("the run could not be recorded: %s", second_error)
            save_status(self.meter.end(*ending), self.settings.state)


def open_run(
    settings: Settings, day: date, journal: Journal, con: duckdb.DuckDBPyConnection, since: datetime | None
) -> Run:
    """Return the run with all attempts that are planned now and have no trajectory.

    `since` is the start of the first try if the step is retried: its spending counts against the budget.
    """
    planned, progress = con.sql(query("rollout", "planned_attempts")).to_arrow_table(), Progress.read(journal)
    lake = Lake(settings.lake)
    texts = TaskTexts.of(con, lake, planned["task_id"].to_pylist())
    limits, teacher = settings.rollout, settings.teacher
    spent, spent_s = 0, 0.0
    if since:
        spent = execute(con, query("rollout", "tokens_spent"), {"since": since}).fetchall()[0][0]
        spent_s = (datetime.now(UTC) - since).total_seconds()
    budget = Budget(limits.max_tokens, limits.max_hours, spent, spent_s)
    status = new_status(day.isoformat(), teacher.engine, _gpus(settings), planned.num_rows)
    meter = Meter(status, budget, progress.turns, time.monotonic())
    return Run(settings, day, lake, journal, planned, texts, progress, meter)


def _gpus(settings: Settings) -> int:
    teacher = settings.teacher
    servers = len(teacher.urls) or 1
    return servers * teacher.tensor_parallel * teacher.data_parallel if teacher.engine in ("vllm", "sglang") else 0
