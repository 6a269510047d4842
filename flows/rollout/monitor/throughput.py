"""From counters to rates: what the pool and the servers have counted becomes one look at the rollout.

Rates are over the last minute, so that a stall shows at once. The expected end is learned from the attempts
that finished: their mean number of turns, against the turns made so far and the pace of the last minute.
"""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from flows.rollout.monitor.budget import Budget
from flows.rollout.monitor.run_status import Live
from flows.rollout.pool.pool import Tally
from flows.rollout.protocol import Load

WINDOW_S = 60.0


class Meter:
    """Looks at one rollout; clock readings are monotonic seconds, given by the caller.

    `kept_turns`: turns of earlier runs that the journal keeps of attempts which go on in this one.
    """

    def __init__(self, begun: Live, budget: Budget, kept_turns: int, now: float) -> None:
        self.live = begun
        self.budget = budget
        self._kept_turns = kept_turns
        self._begun = now
        self._asked: float | None = None
        self._stood: float | None = None
        self._marks: deque[tuple[float, int, int]] = deque()
        """Clock, turns and sampled tokens, from the last one before the window on."""
        self._servers = Servers()

    def ask(self, now: float) -> None:
        """The teacher is asked for: from here on its GPUs are held."""
        self._asked = now

    def let_go(self, now: float) -> None:
        """The teacher is let go."""
        self._update(now, in_flight=0, waiting=0, turns_per_s=0.0, tokens_per_s=0.0, left_s=None)
        self._asked = None

    def seconds(self, now: float) -> float:
        """Wall seconds since the run began."""
        return now - self._begun

    def look(self, tally: Tally, loads: Iterable[Load], now: float) -> Live:
        """The rollout as it stands now."""
        self._stood = now if self._stood is None else self._stood
        turns_per_s, tokens_per_s = self._rates(now, tally)
        return self._update(
            now,
            working_s=now - self._stood,
            **{name: getattr(tally, name) for name in COUNTED},
            faults=dict(tally.faults),
            turns_per_s=turns_per_s,
            tokens_per_s=tokens_per_s,
            left_s=self._left_s(now, tally, turns_per_s, tokens_per_s),
            **self._servers.observe(list(loads)),
        )

    def end(self, ending: str, detail: str) -> Live:
        """The last word."""
        self.live = self.live.model_copy(update={"ending": ending, "detail": detail, "at": datetime.now(UTC)})
        return self.live

    def _update(self, now: float, **seen: object) -> Live:
        held = {"teacher_s": now - self._asked} if self._asked is not None else {}
        self.live = self.live.model_copy(update={"at": datetime.now(UTC)} | held | seen)
        return self.live

    def _rates(self, now: float, tally: Tally) -> tuple[float, float]:
        self._marks.append((now, tally.turns, tally.sampled_tokens))
        while len(self._marks) > 2 and self._marks[1][0] <= now - WINDOW_S:
            self._marks.popleft()
        then, turns, tokens = self._marks[0]
        passed = now - then
        return ((tally.turns - turns) / passed, (tally.sampled_tokens - tokens) / passed) if passed > 0 else (0.0, 0.0)

    def _left_s(self, now: float, tally: Tally, turns_per_s: float, tokens_per_s: float) -> float | None:
        known = [self.budget.left_s(tally.sampled_tokens, self.seconds(now), tokens_per_s)]
        left = self.live.planned - tally.finished - tally.given_up - tally.aborted
        if tally.finished and turns_per_s > 0:
            mean = tally.finished_turns / tally.finished
            begun = max(0, self._kept_turns + tally.turns - tally.finished_turns)
            known.append(max(left, left * mean - begun) / turns_per_s)
        return min((one for one in known if one is not None), default=None)


COUNTED = ("finished", "given_up", "aborted", "restarted", "in_flight", "waiting", "turns", "sampled_tokens")


class Servers:
    """What all servers say together. Counters are summed as growth since a server was first heard: one that
    shrank has begun again with its server."""

    def __init__(self) -> None:
        self._last: dict[str, Load] = {}
        self._late: set[str] = set()
        """Servers that were down at the first look: what they had counted before they are heard is not of this run."""
        self._grown = dict.fromkeys(GROWING, 0)

    def observe(self, loads: list[Load]) -> dict[str, object]:
        """The fields of Live that speak of servers."""
        for load in loads:
            if not self._heard(load):
                continue
            last = self._last.get(load.server, load)
            for name in GROWING:
                before, after = getattr(last, name), getattr(load, name)
                self._grown[name] += after - before if after >= before else after
            self._last[load.server] = load
        up, grown = [load for load in loads if load.up], self._grown
        return {
            "servers": len(loads),
            "up": len(up),
            "running": sum(load.running for load in up),
            "queued": sum(load.waiting for load in up),
            "kv_used": _kv_used(up),
            "cache_hit": grown["prefix_hits"] / grown["prefix_queries"] if grown["prefix_queries"] else None,
            "preemptions": grown["preemptions"],
            "refusals": grown["refusals"],
        }

    def _heard(self, load: Load) -> bool:
        if load.server in self._last:
            return True
        if not load.up:
            self._late.add(load.server)
        return load.server not in self._late or load.prefix_queries > 0


GROWING = ("preemptions", "prefix_queries", "prefix_hits", "refusals")


def _kv_used(loads: list[Load]) -> float | None:
    sized = [(load.kv_used, load.kv_tokens) for load in loads if load.kv_tokens]
    return sum(used * tokens for used, tokens in sized) / sum(tokens for _, tokens in sized) if sized else None
