"""The notebook of a reading room: values of steps, by part and name."""

import json
from collections.abc import Mapping

from flows.domains.science.world.tools import RecordArguments
from flows.environments.tool import Answer
from schemas.record import sha256_text

MAX_TEXT = 4_000
"""Most characters of a recorded text."""
MAX_ENTRIES = 400


class Notebook:
    """The values recorded so far."""

    def __init__(self) -> None:
        self.entries: dict[str, float | str] = {}
        """Part and step, as in `2.velocity` -> the value recorded last."""

    @property
    def digest(self) -> str:
        """Hash of all entries."""
        return sha256_text(json.dumps(self.entries, sort_keys=True))

    def record(self, arguments: Mapping[str, object]) -> Answer:
        """Record a value; `blocked` if it is too long, or the notebook full."""
        given = RecordArguments.model_validate(arguments)
        key = f"{given.part}.{given.step}"
        if isinstance(given.value, str) and len(given.value) > MAX_TEXT:
            return Answer(f"A recorded text has at most {MAX_TEXT} characters.", "blocked")
        if key not in self.entries and len(self.entries) >= MAX_ENTRIES:
            return Answer(f"The notebook is full: it holds {MAX_ENTRIES} entries.", "blocked")
        self.entries[key] = given.value
        return Answer(f"Recorded as entry {len(self.entries)}: part {given.part}, {given.step}.")
