"""Measures each server of a teacher alone: prefill, the prefix cache, and sampling with more and more requests.

Prefill is measured with shuffled ids, which no cache holds; the same prompt again shows the prefix cache. Sampling
continues the episodes' first prompts, at rising concurrency, for as long as the rate rises.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

from flows.rollout.protocol import Completion, Sampling, Teacher

FIRST_PROMPT, LONGEST_PROMPT = 512, 16_384
"""Tokens of the first and of the longest prompt for prefill; each is twice as long as the one before."""
ENOUGH_S = 0.5
"""A prefill of this many seconds is long enough to compute a rate."""
BURST_TOKENS = 48
"""Tokens sampled per request of a burst."""
BURSTS = (1, 8, 32, 128)
"""Concurrent requests of a burst."""
RISES = 1.5
"""Factor by which a larger burst must be faster, for the next one to be tried."""
LONGEST_BURST_S = 5.0
"""A burst that took longer is the last one."""
MAX_NAMES = 10_000
"""Session names that are tried to find one that goes to a server."""


@dataclass(frozen=True)
class ServerSpeed:
    """Rates of one server in tokens per second."""

    server: str
    prompt_tokens: int
    """Length of the prompt with which prefill and cache were measured."""
    prefill_per_s: float
    cached_tokens: int | None
    """Tokens of the repeated prompt that came from the prefix cache; None if the engine does not report them."""
    sampled_per_s: dict[int, float]
    """Concurrent requests -> sampled tokens per second of all of them together."""

    @property
    def best(self) -> int:
        """The smallest concurrency that no larger one exceeds by the factor RISES."""
        rates = self.sampled_per_s
        return min(one for one in rates if all(rates[one] * RISES > rates[many] for many in rates if many > one))


@dataclass(frozen=True)
class Probe:
    """The requests of a measurement: `prompts` are first prompts of episodes, `sampling` as the episodes had."""

    teacher: Teacher
    prompts: Sequence[Sequence[int]]
    sampling: Sampling

    async def measure(self, in_flight: int) -> list[ServerSpeed]:
        """Measure all servers that are up, side by side. Raises TeacherError.

        One burst has the number of requests that `in_flight` attempts send to one server.
        """
        up = [load.server for load in self.teacher.loads() if load.up]
        share = min(BURSTS[-1], max(1, in_flight // max(1, len(up))))
        bursts = sorted({share, *(n for n in BURSTS if not share / 2 < n < share * 2)})
        sessions = {server: self._session(server) for server in up}
        jobs = [self._measure(server, session, bursts) for server, session in sessions.items() if session]
        return list(await asyncio.gather(*jobs))

    def _session(self, server: str) -> str | None:
        """The name of a session that goes to the server."""
        names = (f"trial-{number}" for number in range(MAX_NAMES))
        return next((name for name in names if self.teacher.server(name) == server), None)

    async def _measure(self, server: str, session: str, bursts: Sequence[int]) -> ServerSpeed:
        prompt, seconds = await self._prefill(session)
        repeated = await self._generate(prompt, 1, session)
        rates: dict[int, float] = {}
        last = 0.0
        for n in bursts:
            rates[n], took = await self._burst(session, n)
            if took > LONGEST_BURST_S or rates[n] < RISES * last:
                break
            last = rates[n]
        return ServerSpeed(server, len(prompt), len(prompt) / seconds, repeated.cached_tokens, rates)

    async def _prefill(self, session: str) -> tuple[list[int], float]:
        """The longest prompt that was tried, and the seconds that it took."""
        ids, longest = max(self.prompts, key=len), min(LONGEST_PROMPT, self.teacher.identity.context // 2)
        length = min(FIRST_PROMPT, longest)
        while True:
            prompt = list(islice(cycle(ids), length))
            secrets.SystemRandom().shuffle(prompt)
            started = time.monotonic()
            completion = await self._generate(prompt, 1, session)
            seconds = completion.seconds or time.monotonic() - started
            if seconds >= ENOUGH_S or 2 * length > longest:
                return prompt, seconds
            length *= 2

    async def _burst(self, session: str, n: int) -> tuple[float, float]:
        """Tokens per second of `n` concurrent requests, and the seconds until the last reply."""
        started = time.monotonic()
        prompts = islice(cycle(self.prompts), n)
        replies = await asyncio.gather(*(self._generate(prompt, BURST_TOKENS, session) for prompt in prompts))
        seconds = time.monotonic() - started
        return sum(len(reply.token_ids) for reply in replies) / seconds, seconds

    async def _generate(self, prompt: Sequence[int], max_tokens: int, session: str) -> Completion:
        """Sample as the episodes do, with another limit and a seed of its own."""
        sampling = replace(self.sampling, max_tokens=max_tokens, seed=secrets.randbits(31))
        return await self.teacher.generate(prompt, sampling, session)
