"""The log of nights in `state/nights.jsonl`: one line per event, so that no night ends, fails or is missed in silence.

Lines are only appended, each with one write. A line that a crash or a damaged disk made unreadable is skipped: the
log explains nights, and no work depends on it.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.console.progress import is_running, process_start

LOG_FILE = "nights.jsonl"

Event = Literal["served", "started", "completed", "failed", "stopped", "killed", "missed"]


class NightEvent(BaseModel):
    """One event of a night, or the start of a `factory serve`."""

    model_config = ConfigDict(frozen=True)

    event: Event
    at: datetime
    """UTC time of the event."""
    night: str = ""
    """The run_id; empty if the event is `served`."""
    due: datetime | None = None
    """Scheduled time of the night; None for a run that a person started."""
    cron: str = ""
    timezone: str = ""
    pid: int = 0
    born: int | None = None
    """Start time of the process in kernel ticks, since a pid is used again."""
    flow_run: str = ""
    """Id of the run in Prefect."""
    detail: str = ""

    @property
    def is_alive(self) -> bool:
        """True if the night has started and its process still runs."""
        return self.event == "started" and is_running(self.pid, self.born)


class NightLog:
    """The events of one home, oldest first."""

    def __init__(self, state: Path) -> None:
        self._path = state / LOG_FILE

    def write(self, event: Event, **columns: object) -> NightEvent:
        """Append an event of this process, at the present time. Raises OSError."""
        pid = os.getpid()
        values = {"at": datetime.now(UTC), "pid": pid, "born": process_start(pid), **columns, "event": event}
        written = NightEvent.model_validate(values)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = written.model_dump_json(exclude_defaults=True) + "\n"
        with self._path.open("ab", buffering=0) as file:
            file.write(line.encode())
        return written

    def events(self) -> list[NightEvent]:
        """All readable events; none if there is no log yet."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        return [event for line in lines if (event := _event(line))]

    @property
    def size(self) -> int:
        """Bytes of the log, which grow with each event; 0 if there is none yet."""
        return self._path.stat().st_size if self._path.exists() else 0

    def newest(self) -> dict[str, NightEvent]:
        """The newest event of each night, in the order of these events."""
        nights: dict[str, NightEvent] = {}
        for event in self.events():
            if event.night:
                nights.pop(event.night, None)
                nights[event.night] = event
        return nights


def _event(line: bytes) -> NightEvent | None:
    try:
        return NightEvent.model_validate_json(line)
    except ValidationError:
        return None
