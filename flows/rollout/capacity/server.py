"""One simulated inference server: prefill in order of arrival, and sampling that all requests share.

While a prompt is computed, sampling goes on with half of the server, as with chunked prefill (Agrawal et al., 2023,
Sarathi). Every sampling request gets the same rate, so requests end in the order of a common count of tokens: an event
costs a logarithm of the requests, not a pass over them.
"""

import heapq
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field

import simpy

from flows.rollout.capacity.machines import Speed

SHARED = 0.5
"""Share of the server that a prefill takes while others sample."""
NOTHING = 1e-3
"""Tokens that count as none: smaller rests would end within the precision of the clock."""


@dataclass
class _Prompt:
    left: float
    sampled: int
    done: simpy.Event


@dataclass
class Server:
    """A server of one speed. `busy_s`: seconds with a request; `prefilled`, `sampled`: tokens so far."""

    env: simpy.Environment
    speed: Speed
    busy_s: float = 0.0
    prefilled: float = 0.0
    sampled: float = 0.0
    _prompts: deque[_Prompt] = field(default_factory=deque)
    _sampling: list[tuple[float, int, simpy.Event]] = field(default_factory=list)
    """A heap: count of tokens at which a request ends, its number, its event."""
    _count: float = 0.0
    """Tokens that a request which never ended would have sampled so far."""
    _at: float = 0.0
    _number: int = 0
    _version: int = 0

    def generate(self, prompt: int, sampled: int) -> simpy.Event:
        """The event of a reply: `prompt` tokens are computed, then `sampled` tokens are sampled."""
        self._advance()
        done = self.env.event()
        self._prompts.append(_Prompt(max(prompt, NOTHING), sampled, done))
        self._wake_at_next()
        return done

    @property
    def running(self) -> int:
        """Requests that the server works on."""
        return len(self._prompts) + len(self._sampling)

    def _rates(self) -> tuple[float, float]:
        """Prompt tokens per second of the first prompt, sampled tokens per second of each request."""
        n, has_prompt = len(self._sampling), bool(self._prompts)
        prefill = self.speed.prefill_per_s * (SHARED if n else 1.0) if has_prompt else 0.0
        each = self.speed.rate(n) / n * (1 - SHARED if has_prompt else 1.0) if n else 0.0
        return prefill, each

    def _advance(self) -> None:
        """Do the work since the last event."""
        passed, self._at = self.env.now - self._at, self.env.now
        if not passed:
            return
        prefill, each = self._rates()
        self.busy_s += passed if self.running else 0.0
        self._count += each * passed
        self.sampled += each * passed * len(self._sampling)
        if self._prompts:
            self._prompts[0].left -= prefill * passed
            self.prefilled += prefill * passed

    def _wake_at_next(self) -> None:
        """Plan the next end of a prompt or of a sampling, and forget the one planned before."""
        prefill, each = self._rates()
        ends = [self._prompts[0].left / prefill] if self._prompts else []
        ends += [(self._sampling[0][0] - self._count) / each] if self._sampling else []
        self._version += 1
        if ends:
            self.env.process(self._wake(max(0.0, min(ends)), self._version))

    def _wake(self, seconds: float, version: int) -> Generator[simpy.Event, None, None]:
        yield self.env.timeout(seconds)
        if version != self._version:
            return
        self._advance()
        while self._prompts and self._prompts[0].left <= NOTHING:
            first = self._prompts.popleft()
            heapq.heappush(self._sampling, (self._count + first.sampled, self._number, first.done))
            self._number += 1
        while self._sampling and self._sampling[0][0] - self._count <= NOTHING:
            heapq.heappop(self._sampling)[2].succeed()
        self._wake_at_next()
