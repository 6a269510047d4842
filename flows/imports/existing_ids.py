"""What the lake holds of imports already: which rows, and how many attempts at which tasks.

Only ids are held, as bytes: about 350 bytes a row and its task, a few hundred megabytes for a million rows.
"""

from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from warehouse.connect import sql_files


@dataclass
class Known:
    """What the lake holds of imports: rows by id with their sample, tasks by id with (attempts, since when)."""

    rows: dict[bytes, int] = field(default_factory=dict)
    tasks: dict[bytes, tuple[int, datetime]] = field(default_factory=dict)

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, now: datetime) -> "Known":
        """Everything known, read from the lake's views."""
        since = {bytes.fromhex(task): at for task, at in con.execute(sql_files("imports")["known_tasks"]).fetchall()}
        known, answered = cls(), con.execute(sql_files("imports")["known_rows"])
        while found := answered.fetchmany(10_000):
            for row, task, sample in found:
                known.add(row, task, sample, since.get(bytes.fromhex(task), now))
        return known

    def add(self, row: str, task: str, sample: int, now: datetime) -> None:
        """Note a row as the sample-th attempt at a task."""
        attempts, since = self.tasks.get(bytes.fromhex(task), (0, now))
        self.rows[bytes.fromhex(row)] = sample
        self.tasks[bytes.fromhex(task)] = (max(attempts, sample + 1), since)
