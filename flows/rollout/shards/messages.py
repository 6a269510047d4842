"""The messages between the process of a shard and the run that started it: counts one way, a stop the other way."""

from dataclasses import dataclass, field

from flows.rollout.pool.counts import PoolCounts
from flows.rollout.server_load import Load

CLIENT_COUNTERS = ("refusals", "discarded", "discarded_tokens")
"""Counters of a server's load that each client of it counts for itself."""


@dataclass(frozen=True)
class Started:
    """The process has opened its journal: the attempts that it has to work."""

    planned: int


@dataclass(frozen=True)
class Progress:
    """The counts of a process since its start, and by server its clients' own."""

    counts: PoolCounts
    clients: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Server -> its CLIENT_COUNTERS."""


@dataclass(frozen=True)
class Ended:
    """The process has worked and drained all its attempts, up to a stop."""


@dataclass(frozen=True)
class Failed:
    """An error ended the process; what it had committed is in its journal."""

    error: Exception


Message = Started | Progress | Ended | Failed


def progress_of(counts: PoolCounts, loads: list[Load]) -> Progress:
    """The progress to send."""
    return Progress(counts, {load.server: tuple(getattr(load, name) for name in CLIENT_COUNTERS) for load in loads})
