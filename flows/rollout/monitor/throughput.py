"""Computes a run's status from the counters of the pool and of the servers: rates, shares and the expected end.

Rates are over the last minute, so that a stall shows at once. The expected end follows from the mean number of turns
of the finished attempts, the turns sampled so far, and the rate of the last minute.
"""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from flows.rollout.monitor.budget import Budget
from flows.rollout.monitor.run_status import RunStatus, ToolCost
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.protocol import Identity
from flows.rollout.server_load import Load

WINDOW_S = 60.0
COUNTED = (
    "finished", "given_up", "aborted", "restarted", "in_flight", "waiting", "turns", "sampled_tokens", "prompt_tokens",
    "cached_tokens", "cost", "sandbox_queued", "user_tokens",
)  # fmt: skip
"""Counts of the pool that the status shows unchanged."""
SUMMED = ("preemptions", "prefix_queries", "prefix_hits", "refusals", "discarded", "discarded_tokens")
"""Counters of the servers that are summed over servers and restarts."""


class Meter:
    """Measures one run. `now` is a monotonic clock in seconds, read by the caller.

    `resumed_turns`: turns of earlier runs that the journal holds for attempts of this run.
    """

    def __init__(self, status: RunStatus, budget: Budget, resumed_turns: int, now: float) -> None:
        self.status = status
        self.budget = budget
        self._resumed_turns = resumed_turns
        self._started = now
        self._teacher_since: float | None = None
        self._ready_since: float | None = None
        self._has_answered = False
        self._samples: deque[tuple[float, int, int]] = deque()
        """(clock, turns, sampled tokens), from the last sample before the window on."""
        self._servers = ServerTotals()

    def acquire_teacher(self, now: float) -> None:
        """Start counting the seconds for which the teacher's GPUs are held."""
        self._teacher_since = now

    def describe(self, teacher: Identity, facts: list[tuple[str, str]]) -> RunStatus:
        """Return the status with the teacher's limits, and facts about it for people."""
        self._has_answered = True
        limits = {"context_window": teacher.context, "kv_tokens": teacher.kv_tokens}
        self.status = self.status.model_copy(update={"teacher": facts, **limits})
        return self.status

    def release_teacher(self, now: float) -> None:
        """Stop counting the seconds of the teacher, and reset the rates. One that never answered counts none."""
        if not self._has_answered:
            self._teacher_since = None
        self._update(now, in_flight=0, waiting=0, turns_per_s=0.0, tokens_per_s=0.0, left_s=None)
        self._teacher_since = None

    def seconds(self, now: float) -> float:
        """Return the wall seconds since the run started."""
        return now - self._started

    def reached(self, counts: PoolCounts, now: float) -> str | None:
        """Return the limit of the budget that the run has reached; None if none."""
        return self.budget.reached(counts.sampled_tokens + counts.user_tokens, self.seconds(now))

    def measure(self, counts: PoolCounts, loads: Iterable[Load], now: float) -> RunStatus:
        """Return the status at this moment; the teacher has answered by then."""
        self._has_answered = True
        self._ready_since = now if self._ready_since is None else self._ready_since
        turns_per_s, tokens_per_s = self._rates(now, counts)
        return self._update(
            now,
            working_s=now - self._ready_since,
            **{name: getattr(counts, name) for name in COUNTED},
            faults=dict(counts.faults),
            tools={domain: ToolCost.model_validate(one) for domain, one in counts.tools.items()},
            turns_per_s=turns_per_s,
            tokens_per_s=tokens_per_s,
            left_s=self._seconds_left(now, counts, turns_per_s, tokens_per_s),
            **self._servers.observe(list(loads)),
        )

    def end(self, ending: str, detail: str) -> RunStatus:
        """Return the final status, with how and why the run ended."""
        self.status = self.status.model_copy(update={"ending": ending, "detail": detail, "at": datetime.now(UTC)})
        return self.status

    def _update(self, now: float, **measured: object) -> RunStatus:
        held = {"teacher_s": now - self._teacher_since} if self._teacher_since is not None else {}
        self.status = self.status.model_copy(update={"at": datetime.now(UTC)} | held | measured)
        return self.status

    def _rates(self, now: float, counts: PoolCounts) -> tuple[float, float]:
        self._samples.append((now, counts.turns, counts.sampled_tokens))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_S:
            self._samples.popleft()
        then, turns, tokens = self._samples[0]
        seconds = now - then
        if seconds <= 0:
            return 0.0, 0.0
        return (counts.turns - turns) / seconds, (counts.sampled_tokens - tokens) / seconds

    def _seconds_left(self, now: float, counts: PoolCounts, turns_per_s: float, tokens_per_s: float) -> float | None:
        estimates = [
            self.budget.seconds_left(counts.sampled_tokens + counts.user_tokens, self.seconds(now), tokens_per_s)
        ]
        left = self.status.planned - counts.finished - counts.given_up - counts.aborted
        if counts.finished and turns_per_s > 0:
            mean = counts.finished_turns / counts.finished
            in_progress = max(0, self._resumed_turns + counts.turns - counts.finished_turns)
            estimates.append(max(left, left * mean - in_progress) / turns_per_s)
        return min((estimate for estimate in estimates if estimate is not None), default=None)


class ServerTotals:
    """Sums the loads of all servers. A counter that shrank has restarted from 0 together with its server."""

    def __init__(self) -> None:
        self._last: dict[str, Load] = {}
        self._late: set[str] = set()
        """Servers that were down when first observed: their earlier counts do not belong to this run."""
        self._totals = dict.fromkeys(SUMMED, 0)

    def observe(self, loads: list[Load]) -> dict[str, object]:
        """Add the growth of all counters; return the fields of RunStatus that describe servers."""
        for load in loads:
            if not self._has_baseline(load):
                continue
            last = self._last.get(load.server, load)
            for name in SUMMED:
                before, after = getattr(last, name), getattr(load, name)
                self._totals[name] += after - before if after >= before else after
            self._last[load.server] = load
        up, totals = [load for load in loads if load.up], self._totals
        return {
            "servers": len(loads),
            "up": len(up),
            "running": sum(load.running for load in up),
            "queued": sum(load.waiting for load in up),
            "kv_used": _kv_used(up),
            "cache_hit": totals["prefix_hits"] / totals["prefix_queries"] if totals["prefix_queries"] else None,
            **{name: totals[name] for name in ("preemptions", "refusals", "discarded", "discarded_tokens")},
        }

    def _has_baseline(self, load: Load) -> bool:
        """True if growth can be computed: a late server needs a first report of its counters as the baseline."""
        if load.server in self._last:
            return True
        if not load.up:
            self._late.add(load.server)
        return load.server not in self._late or load.prefix_queries > 0


def _kv_used(loads: list[Load]) -> float | None:
    sized = [(load.kv_used, load.kv_tokens) for load in loads if load.kv_tokens]
    return sum(used * tokens for used, tokens in sized) / sum(tokens for _, tokens in sized) if sized else None
