"""Ids of the rows and tasks that earlier imports wrote, so that no conversation is imported twice.

Only ids stay in memory, as bytes: about 350 bytes per row with its task, a few hundred megabytes per million rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from warehouse.connect import query


@dataclass(frozen=True, slots=True)
class KnownRow:
    """The trajectory of an imported row: its task, its sample number, and the verifiers that judged it."""

    task: bytes
    sample: int
    verifiers: frozenset[str]


@dataclass
class ExistingIds:
    """Imported rows by id; tasks by id with (number of attempts, first import)."""

    rows: dict[bytes, KnownRow] = field(default_factory=dict)
    tasks: dict[bytes, tuple[int, datetime]] = field(default_factory=dict)
    _sets: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, now: datetime) -> "ExistingIds":
        """Read all ids from the lake's views; `now` replaces a missing creation time."""
        since = {bytes.fromhex(task): at for task, at in con.execute(query("imports", "existing_tasks")).fetchall()}
        existing, rows = cls(), con.execute(query("imports", "existing_rows"))
        while batch := rows.fetchmany(10_000):
            for row, task, sample, verifiers in batch:
                existing.add(row, task, sample, since.get(bytes.fromhex(task), now), verifiers)
        return existing

    def add(self, row: str, task: str, sample: int, now: datetime, verifiers: Iterable[str] = ()) -> None:
        """Record a row as sample number `sample` of its task."""
        names = frozenset(verifiers)
        key = bytes.fromhex(task)
        attempts, since = self.tasks.get(key, (0, now))
        self.rows[bytes.fromhex(row)] = KnownRow(key, sample, self._sets.setdefault(names, names))
        self.tasks[key] = (max(attempts, sample + 1), since)
