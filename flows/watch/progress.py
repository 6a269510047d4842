"""Computes how much of a night is done, from the progress files that its steps keep for `factory status`.

A step counts as one part of the night, whatever its length: nobody knows how long a later one will take.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from warehouse.console.progress import Stage, read_stage

LINE_INTERVAL_S = 60.0


class NightProgress:
    """The steps of a night in order, and the one that works now; `begin` is called as each of them begins.

    `line` returns a line for a log at the first report of a step, each LINE_INTERVAL_S after it, and at its end.
    """

    def __init__(self, state: Path, steps: Sequence[str]) -> None:
        self._state, self._steps = state, list(steps)
        self._at, self._begun = 0, time.time()
        self._line, self._logged = "", float("-inf")

    def begin(self, step: str) -> None:
        """Make `step` the present one; its file may still hold the report of an earlier night."""
        self._at, self._begun = self._steps.index(step), time.time()
        self._line, self._logged = "", float("-inf")

    @property
    def step(self) -> str:
        """The step that works now."""
        return self._steps[self._at]

    def percent(self) -> float:
        """The share of the night that is done, 0 to 100."""
        stage = self._stage()
        return 100 * (self._at + (stage.share if stage else 0.0)) / len(self._steps)

    def line(self, *, ended: bool = False) -> str | None:
        """The line to log now, None if there is nothing new to say."""
        stage, now = self._stage(), time.monotonic()
        if not stage or (now - self._logged < LINE_INTERVAL_S and not ended):
            return None
        line = f"{self.step}: {stage.text}"
        if line == self._line:
            return None
        self._line, self._logged = line, now
        return line

    def _stage(self) -> Stage | None:
        stage = read_stage(self._state, self.step)
        return stage if stage and stage.at >= self._begun else None
