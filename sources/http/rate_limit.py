"""How fast one host is asked, and when it is left alone.

One host's answers pace only that host. A host that fails many times in a row is given up for the night,
so that a dead server costs minutes and not the night.
"""

import time
from collections import deque
from dataclasses import dataclass, field

from sources.frontier.frontier import Visit
from sources.http.fetch import Reply
from sources.http.robots import MAX_DELAY_S, Rules

GIVE_UP_AFTER = 8
"""Urls in a row that failed for reasons of the host, after their retries."""
MAX_WAIT_S = 120.0
"""A Retry-After beyond this is not waited for: the url fails."""
FIRST_BACKOFF_S = 0.5


@dataclass
class Turn:
    """A visit with its tries so far; `due` is when the next may be made, on the monotonic clock."""

    visit: Visit
    tries: int = 0
    due: float = 0.0

    def may_try_again(self, reply: Reply, retries: int) -> bool:
        """Whether the reply is of the passing kind, tries are left, and the wait is bearable."""
        return reply.passing and self.tries < retries and (reply.wait_s or 0.0) <= MAX_WAIT_S


@dataclass
class Host:
    """The queue and the clock of one host."""

    name: str
    """its origin: scheme://host:port"""
    at_once: int
    """requests in flight"""
    delay_s: float
    queue: deque[Turn] = field(default_factory=deque)
    rules: Rules | None = None
    working: int = 0
    """urls that are being worked on, also those that wait for extraction"""
    in_flight: int = 0
    next_at: float = 0.0
    failures: int = 0
    _alone: bool = False

    @property
    def given_up(self) -> bool:
        return self.failures >= GIVE_UP_AFTER

    @property
    def why_given_up(self) -> str:
        return f"{self.failures} urls of {self.name} failed in a row; it is left alone for the night"

    def ready_at(self) -> float:
        """When the next request may start; infinity while slots or queue do not allow one."""
        if self._alone or self.in_flight >= self.at_once or not self.queue:
            return float("inf")
        return max(self.next_at, min(turn.due for turn in self.queue))

    def next_turn(self) -> Turn:
        """The first turn that is due; only when `ready_at` has passed."""
        now = time.monotonic()
        turn = next(turn for turn in self.queue if turn.due <= now)
        self.queue.remove(turn)
        return turn

    def request_starts(self, *, alone: bool = False) -> None:
        """`alone`: nothing else is asked of the host until it has ended."""
        self.in_flight += 1
        self._alone = alone
        self.rest()

    def rest(self) -> None:
        """Let the pause begin that settings and robots.txt ask for."""
        asked = self.rules.delay_s if self.rules and self.rules.delay_s <= MAX_DELAY_S else 0.0
        self.next_at = max(self.next_at, time.monotonic() + max(self.delay_s, asked))

    def request_ends(self) -> None:
        self.in_flight -= 1
        self._alone = False

    def judge(self, reply: Reply) -> None:
        """Count replies that speak against the host, one after the other."""
        self.failures = self.failures + 1 if reply.host_down else 0

    def try_again(self, turn: Turn, wait_s: float | None) -> None:
        """Queue a turn again: after what the host asks for, which stops the whole host, or after a backoff."""
        turn.tries += 1
        pause = FIRST_BACKOFF_S * 2 ** (turn.tries - 1) if wait_s is None else wait_s
        turn.due = time.monotonic() + pause
        if wait_s is not None:
            self.next_at = max(self.next_at, turn.due)
        self.queue.appendleft(turn)
