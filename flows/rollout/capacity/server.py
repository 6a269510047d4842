"""One simulated inference server: prefill in order of arrival, and sampling that all requests share.

A server works in steps (continuous batching with chunked prefill: Agrawal et al., 2023, Sarathi). A step samples a
token for each request and computes at most CHUNK waiting prompt tokens, which make it longer: it takes the time of a
step that only samples, and the time of these tokens beyond that of a step. So sampling slows down while prompts are
computed, but both together take less than one after the other. Every sampling request gets the same rate, so requests
end in the order of a common count of tokens: an event costs a logarithm of the requests, not a pass over them.
"""

import heapq
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import islice

import simpy

from flows.rollout.capacity.machines import Speed

CHUNK = 2_048
"""Most prompt tokens of one step, vLLM's default for `--max-num-batched-tokens`."""
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
    _rates: tuple[float, float] = (0.0, 0.0)
    """Prompt tokens per second, and sampled tokens per second of each request, until the next event."""
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

    def _rates_now(self) -> tuple[float, float]:
        """The rates of a step with the requests and the prompts of now."""
        n, least = len(self._sampling), 1 / self.speed.rate(1)
        chunk = min(CHUNK, sum(prompt.left for prompt in islice(self._prompts, CHUNK)))
        each_token = max(0.0, 1 / self.speed.prefill_per_s - least / CHUNK)
        step = (n / self.speed.rate(n) if n else least) + chunk * each_token
        return chunk / step, 1 / step if n else 0.0

    def _advance(self) -> None:
        """Do the work since the last event."""
        passed, self._at = self.env.now - self._at, self.env.now
        if not passed:
            return
        prefill, each = self._rates
        self.busy_s += passed if self.running else 0.0
        self._count += each * passed
        self.sampled += each * passed * len(self._sampling)
        if self._prompts:
            self._prompts[0].left -= prefill * passed
            self.prefilled += prefill * passed

    def _wake_at_next(self) -> None:
        """Plan the next end of a prompt or of a sampling, and forget the one planned before."""
        self._rates = prefill, each = self._rates_now()
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
            heapq.heappush(self._sampling, (self._count + first.sampled - 1, self._number, first.done))
            self._number, self.sampled = self._number + 1, self.sampled + 1  # the step of a prompt samples a token
        while self._sampling and self._sampling[0][0] - self._count <= NOTHING:
            heapq.heappop(self._sampling)[2].succeed()
        self._wake_at_next()
