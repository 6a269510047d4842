"""Counts the runs in which an attempt had no readable verdict, so that it is not paid for night after night.

The counts are a small file of the state, by the judge's version. A file that cannot be read starts anew: it costs a
few more tries, and no verdict.
"""

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path

from warehouse.console.progress import write_atomic

MAX_TRIES = 3
"""Runs without a readable verdict after which an attempt is skipped, until the judge's model or rubric changes."""


class Tries:
    """Unreadable runs by trajectory id, of one version of the judge."""

    def __init__(self, state: Path, version: str) -> None:
        self._path = state / "judge" / f"{version}.json"
        self._saved = self._read()
        self._new = Counter[str]()

    @property
    def given_up(self) -> list[str]:
        """The attempts that are not tried again, sorted."""
        return sorted(id for id, tries in self._saved.items() if tries >= MAX_TRIES)

    def add(self, trajectory_id: str) -> None:
        """Count one more run."""
        self._new[trajectory_id] += 1

    def forget(self) -> None:
        """Drop the counts of this run that are not saved: the judge failed, not the attempts."""
        self._new.clear()

    def save(self) -> None:
        """Write the counts, if there are new ones. Raises OSError."""
        if self._new:
            self._saved.update(self._new)
            self._new.clear()
            write_atomic(self._path, json.dumps(self._saved, sort_keys=True))

    def _read(self) -> Counter[str]:
        with suppress(OSError, ValueError, TypeError, AttributeError):
            return Counter({str(id): int(tries) for id, tries in json.loads(self._path.read_bytes()).items()})
        return Counter()
