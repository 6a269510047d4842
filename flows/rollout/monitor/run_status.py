"""How a rollout is doing: one small file, written whole every second, that any process may read.

The file outlives the run: the last word of a run says how it ended, and a run that was killed is told from
one that works by its process. Nothing here is needed to go on: the journal alone is.
"""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.console.progress import alive, born, save_whole

FILE = "rollout.json"


class Live(BaseModel):
    """A rollout at one moment. Rates are over the last minute; None is what nobody could tell."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    pid: int
    born: int | None
    """When the process was born, in the kernel's ticks: its number may be another's by now."""
    begun: datetime
    at: datetime
    ending: str | None = None
    """done, budget, failed, interrupted or killed; None while it runs."""
    detail: str = ""
    """Of an ending: which budget, or which error."""
    engine: str
    gpus: int
    """Servers x tensor_parallel x data_parallel, as the settings say."""
    teacher_s: float = 0.0
    """Wall seconds from asking for the teacher until now, or until it was let go."""
    working_s: float = 0.0
    """Wall seconds since the teacher stood."""
    planned: int
    finished: int = 0
    given_up: int = 0
    aborted: int = 0
    restarted: int = 0
    in_flight: int = 0
    waiting: int = 0
    """Attempts that wait until the servers have room for them."""
    turns: int = 0
    sampled_tokens: int = 0
    turns_per_s: float = 0.0
    tokens_per_s: float = 0.0
    cache_hit: float | None = None
    """Share of the prompt tokens looked up in prefix caches that were found there, over this run."""
    kv_used: float | None = None
    """Share of the KV cache of the servers that are up, in use by running sequences."""
    running: int = 0
    queued: int = 0
    """Requests that wait inside the servers."""
    up: int = 0
    servers: int = 0
    preemptions: int = 0
    refusals: int = 0
    faults: dict[str, int] = {}
    left_s: float | None = None
    """Seconds to the expected end, by the attempts finished so far or by the budget."""

    @property
    def gpu_seconds(self) -> float:
        """What the GPUs were held for, busy or not."""
        return self.teacher_s * self.gpus

    @property
    def done(self) -> int:
        """Attempts that have their trajectory now."""
        return self.finished + self.given_up

    @property
    def pending(self) -> int:
        """Attempts that have none yet."""
        return self.planned - self.done

    @property
    def not_begun(self) -> int:
        """Attempts that nobody has taken up in this run."""
        return max(0, self.pending - self.aborted - self.in_flight - self.waiting)

    @property
    def works(self) -> bool:
        """Is its process still at it?"""
        return self.ending is None and alive(self.pid, self.born)


def begin(run_id: str, engine: str, gpus: int, planned: int) -> Live:
    """A rollout of this process that begins now."""
    now, pid = datetime.now(UTC), os.getpid()
    return Live(run_id=run_id, pid=pid, born=born(pid), begun=now, at=now, engine=engine, gpus=gpus, planned=planned)


def save(live: Live, state: Path) -> None:
    """Write it for others to read. A view that cannot be written must not end a night: errors are let be."""
    with contextlib.suppress(OSError):
        save_whole(state / FILE, live.model_dump_json())


def read(state: Path) -> Live | None:
    """The newest rollout of a home, under way or ended; None where there was none, or none that can be read."""
    with contextlib.suppress(OSError, ValidationError):
        return Live.model_validate_json((state / FILE).read_text("utf-8"))
    return None
