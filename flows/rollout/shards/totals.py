"""Sums the counts of all processes of a run, those that died included, for one live view and one budget."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

from flows.rollout.pool.counts import PoolCounts, ToolTime
from flows.rollout.server_load import Load
from flows.rollout.shards.messages import CLIENT_COUNTERS, Progress, Started

GAUGES = ("in_flight", "waiting", "sandbox_queued")
"""Counts of the present moment: those of a process that died are none."""
NOTHING = Progress(PoolCounts())


@dataclass
class ShardTotal:
    """The counts of one shard, over all processes that worked it in this run."""

    before: Progress = NOTHING
    """Of the processes that died."""
    now: Progress = NOTHING
    """Of the present process."""
    planned: int | None = None
    """Attempts that the shard's first process found; None until it has started."""

    def start(self, started: Started) -> None:
        """A process has started: the attempts that are left show how many an earlier one had finished unreported."""
        if self.planned is None:
            self.planned = started.planned
            return
        counts = self.before.counts
        counts.finished = max(counts.finished, self.planned - started.planned - counts.given_up)

    def lose(self) -> None:
        """The present process is gone."""
        self.before, self.now = self.sum(), NOTHING
        for name in GAUGES:
            setattr(self.before.counts, name, 0)

    def sum(self) -> Progress:
        """The counts of all its processes."""
        return sum_of([self.before, self.now])


@dataclass
class Totals:
    """The counts of all shards, by their index."""

    shards: dict[int, ShardTotal] = field(default_factory=dict)

    def sum(self) -> Progress:
        """The counts of the run."""
        return sum_of(shard.sum() for shard in self.shards.values())


def sum_of(parts: Iterable[Progress]) -> Progress:
    """The sums of all counts; a cost is unknown where all are."""
    counts, clients = PoolCounts(), dict[str, Counter[int]]()
    for part in parts:
        _add(counts, part.counts)
        for server, values in part.clients.items():
            clients.setdefault(server, Counter()).update(dict(enumerate(values)))
    ordered = {server: tuple(found[at] for at in range(len(CLIENT_COUNTERS))) for server, found in clients.items()}
    return Progress(counts, ordered)


def with_clients(loads: Sequence[Load], progress: Progress) -> list[Load]:
    """The loads of the servers, with the counters of the clients in all processes."""
    none = (0,) * len(CLIENT_COUNTERS)

    def counted(load: Load) -> Load:
        refusals, discarded, tokens = progress.clients.get(load.server, none)
        return replace(load, refusals=refusals, discarded=discarded, discarded_tokens=tokens)

    return [counted(load) for load in loads]


def _add(total: PoolCounts, counts: PoolCounts) -> None:
    for one in fields(PoolCounts):
        value = getattr(counts, one.name)
        if one.name == "tools":
            for domain, time in value.items():
                _add_time(total.tools.setdefault(domain, ToolTime()), time)
        elif one.name == "faults":
            total.faults.update(value)
        elif value is not None:
            setattr(total, one.name, (getattr(total, one.name) or 0) + value)


def _add_time(total: ToolTime, time: ToolTime) -> None:
    total.seconds += time.seconds
    total.queued_s += time.queued_s
    total.cpu_s += time.cpu_s
