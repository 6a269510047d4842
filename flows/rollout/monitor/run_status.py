"""The live status of a run: a small JSON file, replaced atomically twice per second, that any process may read.

The file outlives the run and then holds how the run ended. A killed run is recognised by its process, which is gone. A
resume does not need this file: the journal alone holds the checkpoints.
"""

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from warehouse.console.progress import is_running, process_start, write_atomic

FILE = "rollout.json"


class ToolCost(BaseModel):
    """Seconds of the tool calls of one domain in this run."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    seconds: float
    queued_s: float
    cpu_s: float


class RunStatus(BaseModel):
    """The status of a run at one moment. Rates are over the last minute; None means unknown."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    pid: int
    born: int | None
    """Start time of the process in the kernel's ticks: by now, another process may have its pid."""
    begun: datetime
    at: datetime
    ending: str | None = None
    """done, budget, failed, interrupted or killed; None while the run is in progress."""
    detail: str = ""
    """The budget or the error that ended the run."""
    engine: str
    gpus: int
    """Servers x tensor_parallel x data_parallel, from the settings."""
    teacher_s: float = 0.0
    """Wall seconds from the start of the teacher until now, or until it was released; 0 if it never answered."""
    working_s: float = 0.0
    """Wall seconds since the teacher was ready."""
    planned: int
    finished: int = 0
    given_up: int = 0
    aborted: int = 0
    restarted: int = 0
    in_flight: int = 0
    waiting: int = 0
    """Attempts that wait in a server's queue until their context fits."""
    turns: int = 0
    sampled_tokens: int = 0
    user_tokens: int = 0
    """Tokens sampled by the model that plays users, not part of `sampled_tokens`."""
    prompt_tokens: int = 0
    """Prompt tokens that an API billed, and of these, cached ones."""
    cached_tokens: int = 0
    cost: float | None = None
    """Of all requests to an API; None without prices."""
    turns_per_s: float = 0.0
    tokens_per_s: float = 0.0
    cache_hit: float | None = None
    """Share of the prompt tokens looked up in prefix caches that were found there, over this run."""
    kv_used: float | None = None
    """Share of the KV caches of all running servers in use by running sequences."""
    running: int = 0
    queued: int = 0
    """Requests that wait inside the servers."""
    up: int = 0
    servers: int = 0
    preemptions: int = 0
    refusals: int = 0
    discarded: int = 0
    """Generations that a server cut: thrown away and requested again."""
    discarded_tokens: int = 0
    """Tokens sampled in these generations, not part of `sampled_tokens`."""
    faults: dict[str, int] = {}
    tools: dict[str, ToolCost] = {}
    """By domain."""
    sandbox_queued: int = 0
    """Sandboxed tool calls that wait for a core."""
    teacher: list[tuple[str, str]] = []
    """Facts about the teacher as names and values: its servers' models and limits, and the sampling in force."""
    context_window: int | None = None
    kv_tokens: int | None = None
    left_s: float | None = None
    """Seconds to the expected end, from the attempts finished so far or from the budget."""

    @property
    def gpu_seconds(self) -> float:
        """Seconds for which the GPUs were held, busy or not, summed over GPUs."""
        return self.teacher_s * self.gpus

    @property
    def done(self) -> int:
        """Attempts that have a trajectory."""
        return self.finished + self.given_up

    @property
    def pending(self) -> int:
        """Attempts without a trajectory."""
        return self.planned - self.done

    @property
    def not_started(self) -> int:
        """Attempts that no slot has taken up in this run."""
        return max(0, self.pending - self.aborted - self.in_flight - self.waiting)

    @property
    def is_running(self) -> bool:
        """True if the run has not ended and its process still exists."""
        return self.ending is None and is_running(self.pid, self.born)


def new_status(run_id: str, engine: str, gpus: int, planned: int) -> RunStatus:
    """Return the status of a run that starts now in this process."""
    now, pid = datetime.now(UTC), os.getpid()
    return RunStatus(
        run_id=run_id, pid=pid, born=process_start(pid), begun=now, at=now, engine=engine, gpus=gpus, planned=planned
    )


def save_status(status: RunStatus, state: Path) -> None:
    """Write the status file in the state folder. System errors are ignored: a run does not fail for its display."""
    with contextlib.suppress(OSError):
        write_atomic(state / FILE, status.model_dump_json())


def read_status(state: Path) -> RunStatus | None:
    """Return the status of the newest run, in progress or ended; None if there is no readable file."""
    with contextlib.suppress(OSError, ValueError):
        return RunStatus.model_validate_json((state / FILE).read_text("utf-8"))
    return None


def is_status_damaged(state: Path) -> bool:
    """True if there is a status file that cannot be read; the next run writes it anew."""
    return os.path.lexists(state / FILE) and read_status(state) is None
