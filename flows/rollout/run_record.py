"""One night as the rollout knows it: what is planned, what is measured, and how it is written down at its end.

However a run ends (done, by a budget, by an error, by hand), what is finished is drained, and what it cost
and where it left every attempt lands in the lake, before the journal is closed.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from flows.rollout.journal.drain import drain
from flows.rollout.journal.file import JournalError
from flows.rollout.journal.journal import Journal
from flows.rollout.monitor.accounting import Standing, write_down
from flows.rollout.monitor.budget import Budget
from flows.rollout.monitor.run_status import begin, save
from flows.rollout.monitor.throughput import Meter
from flows.settings import Settings
from warehouse.connect import run, sql_files
from warehouse.lake import Lake, LakeError

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Night:
    """What one run works with."""

    settings: Settings
    day: date
    lake: Lake
    journal: Journal
    planned: pa.Table
    """Attempts to be made, the longest expected first: a sample beside its task's columns."""
    standing: Standing
    meter: Meter

    def end(self, ending: str, detail: str = "") -> dict[str, int]:
        """Drain what is finished and write the run down; returns how many attempts are left, by reason.

        Raises JournalError, LakeError.
        """
        drain(self.journal, self.lake)
        live = self.meter.end(ending, detail)
        left = write_down(live, self.journal, self.lake, self.standing)
        save(live, self.settings.state)
        return left

    def abandon(self, error: BaseException) -> None:
        """Write down a run that ends by an error or by hand, as far as that can still be done."""
        failed = isinstance(error, Exception)
        ending = ("failed", f"{type(error).__name__}: {error}") if failed else ("interrupted", "")
        try:
            self.end(*ending)
        except (JournalError, LakeError) as again:
            LOG.warning("the run could not be written down: %s", again)
            save(self.meter.end(*ending), self.settings.state)


def open_night(
    settings: Settings, day: date, journal: Journal, con: duckdb.DuckDBPyConnection, since: datetime | None
) -> Night:
    """The night with what is planned now; `since` is when the first try of this run began, if this is a later one."""
    planned, standing = con.sql(sql_files("rollout")["planned_attempts"]).to_arrow_table(), Standing.of(journal)
    asked, teacher = settings.rollout, settings.teacher
    spent, spent_s = 0, 0.0
    if since:
        spent = run(con, sql_files("rollout")["tokens_spent"], {"since": since}).fetchall()[0][0]
        spent_s = (datetime.now(UTC) - since).total_seconds()
    budget = Budget(asked.max_tokens, asked.max_hours, spent, spent_s)
    begun = begin(day.isoformat(), teacher.engine, _gpus(settings), planned.num_rows)
    meter = Meter(begun, budget, standing.turns, time.monotonic())
    return Night(settings, day, Lake(settings.lake), journal, planned, standing, meter)


def _gpus(settings: Settings) -> int:
    teacher = settings.teacher
    servers = len(teacher.urls) or 1
    return servers * teacher.tensor_parallel * teacher.data_parallel if teacher.engine == "vllm" else 0
