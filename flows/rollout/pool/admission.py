"""Admission control: contexts in flight stay within the servers' KV caches.

A context that is evicted from a server's prefix cache must be computed again in full, so more attempts than the cache
holds make a run slower, not faster. No attempt is rejected: one that does not fit waits in its server's queue, and the
attempts of one server never wait for those of another.
"""

import asyncio
import heapq
from collections.abc import Iterator
from itertools import count

from flows.rollout.pool.kv_budget import Claim, QueuedAttempt, ServerBudget
from flows.rollout.protocol import Teacher
from flows.settings import Settings

IN_FLIGHT = {"embedded": 4, "vllm": 1_024, "sglang": 1_024, "chat": 8}
"""Default for attempts in flight, by engine."""


class Stopped(Exception):
    """Admission has ended for this run; the attempt resumes in the next run."""


class Admission:
    """The budgets of all servers of a teacher: per server at most `max_attempts`, and `kv_share` of its KV cache.

    `session` is the trajectory id of an attempt.
    """

    def __init__(self, teacher: Teacher, max_attempts: int, kv_share: float) -> None:
        self._teacher = teacher
        self._budgets = {
            load.server: ServerBudget(load, max_attempts, kv_share, float(max_attempts)) for load in teacher.loads()
        }
        self._budget_of: dict[str, ServerBudget] = {}
        """Admitted session -> budget of its server."""
        self._numbers: Iterator[int] = count()
        self._stopped: str | None = None

    @property
    def admitted(self) -> int:
        """Number of admitted attempts."""
        return len(self._budget_of)

    @property
    def waiting(self) -> int:
        """Number of queued attempts."""
        return sum(len(budget.queue) for budget in self._budgets.values())

    @property
    def limit(self) -> int:
        """Sum of the servers' current limits on concurrent attempts."""
        return sum(int(budget.limit) for budget in self._budgets.values())

    async def admit(self, session: str, tokens: int, expected: int) -> None:
        """Wait until a new attempt of `tokens`, expected to grow to `expected` tokens, fits. Raises Stopped."""
        await self._wait(Claim(session, next(self._numbers), tokens, expected), new=True)

    async def grow(self, session: str, tokens: int) -> None:
        """Update the tokens of an attempt before each further turn; may wait until it fits again. Raises Stopped."""
        if self._stopped:
            raise Stopped(self._stopped)
        budget = self._budget_of[session]
        claim = budget.grow(session, tokens)
        if claim.leaving or self._server_budget(session) is not budget:
            self.release(session)
            await self._wait(claim, new=False)

    async def rejoin(self, session: str, tokens: int) -> None:
        """Wait until an attempt that was released fits again; before new ones. Raises Stopped."""
        await self._wait(Claim(session, next(self._numbers), tokens, tokens), new=False)

    def release(self, session: str) -> None:
        """Release the claim of an attempt that has ended or must wait, and admit queued attempts that now fit."""
        budget = self._budget_of.pop(session, None)
        if budget:
            budget.remove(session)
            self._admit_queued(budget)

    def observe(self) -> None:
        """Adapt all budgets to the servers' newest loads; call this at even intervals."""
        for load in self._teacher.loads():
            self._budgets[load.server].observe(load)
        for budget in self._budgets.values():
            if not budget.load.up:
                self._redirect(budget)
            self._admit_queued(budget)

    def stop(self, reason: str) -> None:
        """End admission: every queued attempt, and every attempt at its next turn, gets Stopped."""
        self._stopped = reason
        for budget in self._budgets.values():
            for queued in budget.queue:
                if not queued.admitted.done():
                    queued.admitted.set_exception(Stopped(reason))
            budget.queue.clear()

    async def _wait(self, claim: Claim, *, new: bool) -> None:
        if self._stopped:
            raise Stopped(self._stopped)
        budget, admitted = self._server_budget(claim.session), asyncio.get_running_loop().create_future()
        heapq.heappush(budget.queue, QueuedAttempt(new, claim.number, claim, admitted))
        self._admit_queued(budget)
        try:
            await admitted
        except asyncio.CancelledError:
            self.release(claim.session)
            raise

    def _server_budget(self, session: str) -> ServerBudget:
        return self._budgets[self._teacher.server(session)]

    def _admit_queued(self, budget: ServerBudget) -> None:
        while budget.queue and (budget.queue[0].admitted.cancelled() or budget.fits(budget.queue[0].claim)):
            first = heapq.heappop(budget.queue)
            if not first.admitted.done():
                budget.add(first.claim)
                self._budget_of[first.claim.session] = budget
                first.admitted.set_result(None)

    def _redirect(self, budget: ServerBudget) -> None:
        """Move the queue of a server that is down to the servers that replace it."""
        queue, budget.queue = budget.queue, []
        for queued in queue:
            heapq.heappush(self._server_budget(queued.claim.session).queue, queued)


def max_in_flight(settings: Settings) -> int:
    """Attempts that a run keeps in flight: `rollout.max_in_flight`, else the default of its engine."""
    return settings.rollout.max_in_flight or IN_FLIGHT[settings.teacher.engine]
