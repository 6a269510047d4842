"""Writes verdicts of a model to the lake part by part as they come, for judges and scans.

A run whose first attempts have no readable reply ends: the model or the prompt does not fit, and nothing is wasted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from flows.judge.tries import Tries
from schemas import Verdict
from warehouse.lake import Lake

PART_SHARE, LEAST_PART, MOST_PART = 100, 16, 128
"""A part holds one PART_SHARE-th of a run's attempts within these limits: a kill loses at most so many, and those in
flight. Smaller parts would be so many that every query over the lake gets slower."""
FIRST_UNREADABLE = 16
"""Unreadable attempts at the start of a run, with none readable, that end it: the model or the prompt does not fit."""


class JudgeError(Exception):
    """The model gives no readable replies; the message shows the last problem and names the settings."""


@dataclass
class VerdictParts:
    """Verdicts of one run on their way into the lake."""

    lake: Lake
    day: date
    worker: str
    tries: Tries
    pending: int
    """Attempts that the run is to read."""
    readable: int = 0
    unreadable: int = 0
    _rows: list[Verdict] = field(default_factory=list)
    _attempts: int = 0

    @property
    def heard(self) -> int:
        """Attempts counted so far, readable or not."""
        return self.readable + self.unreadable

    def add(self, rows: Sequence[Verdict]) -> None:
        """Keep the verdicts on a readable attempt for the next part."""
        self.readable += 1
        self._attempts += 1
        self._rows += rows
        if self._attempts >= min(MOST_PART, max(LEAST_PART, self.pending // PART_SHARE)):
            self.flush()

    def skip(self, trajectory_id: str, complaint: str) -> None:
        """Count an unreadable attempt. Raises JudgeError, with the complaint, if none of the first can be read."""
        self.unreadable += 1
        self.tries.add(trajectory_id)
        if not self.readable and self.unreadable >= FIRST_UNREADABLE:
            self.tries.forget()
            raise JudgeError(complaint)

    def flush(self) -> None:
        """Write what is kept as a part, and the tries of unreadable attempts."""
        if self._rows:
            self.lake.write(Verdict, self._rows, self.lake.next_part(self.day, self.worker, Verdict))
        self._rows, self._attempts = [], 0
        self.tries.save()
