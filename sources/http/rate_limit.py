"""Rate limit of web sites, retries (429, Retry-After) and exponential backoff, with one queue per host.

A slow or failing host delays only its own urls. A host that fails many times in a row is unavailable for the
rest of the run, so that a dead server costs minutes and not the night.
"""

import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Generic, Self, TypeVar

from sources.http.fetch import FetchResult
from sources.http.robots import MAX_DELAY_S, RobotsRules

MAX_FAILURES = 8
"""Consecutive urls that fail because of the host, each after its retries, before the host is unavailable."""
MAX_RETRY_AFTER_S = 120.0
"""A longer Retry-After fails the url."""
FIRST_BACKOFF_S = 0.5
FIRST_ROBOTS_PAUSE_S = 30.0
"""Pause before another request for robots.txt, after its retries. Each further pause is twice as long."""
LAST_ROBOTS_PAUSE_S = 10.0
"""The longest such pause once nothing else is left to crawl; it is the last."""

T = TypeVar("T")


@dataclass
class QueuedRequest(Generic[T]):
    """A request that waits in a host's queue, with its retries so far."""

    target: T
    """the source's own record of the url"""
    retries: int = 0
    due: float = 0.0
    """earliest start of the next try, on the monotonic clock"""

    def can_retry(self, result: FetchResult, max_retries: int) -> bool:
        """True if the failure is transient, retries are left, and Retry-After is short enough."""
        wait = result.retry_after_s or 0.0
        return result.retryable and self.retries < max_retries and wait <= MAX_RETRY_AFTER_S


@dataclass
class HostQueue(Generic[T]):
    """The waiting requests of one host, its robots.txt rules and its clock."""

    origin: str
    """scheme://host:port"""
    max_in_flight: int
    delay_s: float
    """minimum seconds between two requests"""
    queue: deque[QueuedRequest[T]] = field(default_factory=deque)
    rules: RobotsRules | None = None
    """None until robots.txt is read"""
    in_flight: int = 0
    next_start: float = 0.0
    failures: int = 0
    robots_tries: int = 0
    _exclusive: bool = False
    _last_robots_try: bool = False
    _robots_earliest: float = 0.0

    @property
    def unavailable(self) -> bool:
        return self.failures >= MAX_FAILURES

    @property
    def unavailable_detail(self) -> str:
        return f"{self.failures} urls of {self.origin} failed in a row; the host is skipped for the rest of this run"

    def ready_at(self) -> float:
        """Return the monotonic time of the next possible start; infinity if nothing is queued or all slots are busy."""
        if self._exclusive or self.in_flight >= self.max_in_flight or not self.queue:
            return float("inf")
        if not self.queue[-1].due:  # retries wait at the front, so that one look finds a request that is due
            return self.next_start
        return max(self.next_start, min(request.due for request in self.queue))

    def pop(self) -> QueuedRequest[T]:
        """Remove and return the first request that is due. Call it only once `ready_at` has passed."""
        now = time.monotonic()
        request = next(request for request in self.queue if request.due <= now)
        self.queue.remove(request)
        return request

    def request_starts(self, *, exclusive: bool = False) -> None:
        """Occupy a slot. `exclusive`: no other request starts until this one has ended."""
        self.in_flight += 1
        self._exclusive = exclusive
        self.start_delay()

    def start_delay(self) -> None:
        """Delay the next start by the longer of the setting and robots.txt's crawl-delay."""
        crawl_delay = self.rules.delay_s if self.rules and self.rules.delay_s <= MAX_DELAY_S else 0.0
        self.next_start = max(self.next_start, time.monotonic() + max(self.delay_s, crawl_delay))

    def request_ends(self) -> None:
        """Free the slot of a request."""
        self.in_flight -= 1
        self._exclusive = False

    def postpone_robots(self, failure: FetchResult, max_retries: int) -> bool:
        """Schedule another request for robots.txt after a failure; False if this was the last.

        The first are retries, as those of a page; later ones follow for as long as other hosts are crawled.
        """
        if self._last_robots_try or (failure.retry_after_s or 0.0) > MAX_RETRY_AFTER_S:
            return False
        n_retries, self.robots_tries = self.robots_tries, self.robots_tries + 1
        pause = FIRST_ROBOTS_PAUSE_S * 2 ** max(0, n_retries - max_retries)
        if failure.retryable and n_retries < max_retries:
            pause = FIRST_BACKOFF_S * 2**n_retries
        self._robots_earliest = time.monotonic() + (failure.retry_after_s or 0.0)
        self.next_start = max(self._robots_earliest, time.monotonic() + pause)
        return True

    def shifted(self, seconds: float) -> Self:
        """The same host on a clock that is so many seconds ahead."""
        return replace(self, next_start=self.next_start + seconds, _robots_earliest=self._robots_earliest + seconds)

    def waits_for_robots(self, max_retries: int) -> bool:
        """True if robots.txt failed with all its retries and is requested again later."""
        return self.rules is None and self.robots_tries > max_retries

    def ask_robots_last(self) -> None:
        """Let the next request for robots.txt be the last, and soon: nothing else is left to crawl."""
        if not self._last_robots_try:
            self._last_robots_try = True
            soon = time.monotonic() + LAST_ROBOTS_PAUSE_S
            self.next_start = max(self._robots_earliest, min(self.next_start, soon))

    def count_failure(self, result: FetchResult) -> None:
        """Count consecutive failures of the host; any other result resets the count."""
        self.failures = self.failures + 1 if result.host_down else 0

    def retry(self, request: QueuedRequest[T], retry_after_s: float | None) -> None:
        """Queue a request again: after Retry-After, which delays the whole host, else after exponential backoff."""
        request.retries += 1
        pause = FIRST_BACKOFF_S * 2 ** (request.retries - 1) if retry_after_s is None else retry_after_s
        request.due = time.monotonic() + pause
        if retry_after_s is not None:
            self.next_start = max(self.next_start, request.due)
        self.queue.appendleft(request)
