"""Admission by the sandbox: attempts whose tools need it start only while its cores keep up with those in flight.

More of them would not be faster: they would wait for a core, and their contexts for them. The limit follows additive
increase, multiplicative decrease, as that of the KV cache. Attempts that run already are never held back.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

from flows.rollout.loop.trajectory_row import Plan

QUEUED_PER_CORE = 4
"""Waiting calls per core beyond which the sandbox does not keep up."""
LEAST_PER_CORE = 2
"""Attempts per core that may always be in flight: one runs a command while another's teacher writes."""
INCREASE, DECREASE = 1.05, 0.8
COOLDOWN = 5
"""Observations between two decreases, so that the effect of the first is visible before the second."""
LOOKAHEAD = 1_024
"""Plans that are held back at most; the others wait unread behind them."""


class SandboxBudget:
    """The limit on attempts in flight that need the sandbox, at most `max_attempts`."""

    def __init__(self, cores: int, max_attempts: int) -> None:
        self._cores, self._most = cores, float(max_attempts)
        self.limit = self._most
        self.in_flight = 0
        self._last_queued, self._cooldown = 0, 0

    @property
    def fits(self) -> bool:
        """True if another attempt may start."""
        return self.in_flight < int(self.limit)

    def observe(self, queued: int) -> None:
        """Adapt the limit to the number of calls that wait for a core; call this at even intervals."""
        behind = min(queued, self._last_queued) > QUEUED_PER_CORE * self._cores
        self._last_queued, self._cooldown = queued, max(0, self._cooldown - 1)
        if not behind:
            self.limit = min(self._most, self.limit * INCREASE + 1)
        elif not self._cooldown:
            self._cooldown = COOLDOWN
            self.limit = max(float(LEAST_PER_CORE * self._cores), DECREASE * min(self.limit, self.in_flight))


class PlanQueue:
    """The plans of a run in order; those that need the sandbox are held back while it does not keep up."""

    def __init__(self, plans: Iterator[Plan], needs_sandbox: Callable[[Plan], bool], budget: SandboxBudget) -> None:
        self._plans, self._needs_sandbox, self._budget = plans, needs_sandbox, budget
        self._held: deque[Plan] = deque()
        self._changed = asyncio.Event()
        self._stopped = False

    async def next(self) -> Plan | None:
        """The next plan that may start, held ones first; None after the last. Call `end` once it has ended.

        After `stop` every plan may start, so that admission counts it as stopped.
        """
        while True:
            if plan := self._startable():
                self._budget.in_flight += self._needs_sandbox(plan)
                return plan
            if not self._held:
                return None
            await self._changed.wait()

    def end(self, plan: Plan) -> None:
        """The attempt at a plan has ended."""
        self._budget.in_flight -= self._needs_sandbox(plan)
        self._wake()

    def observe(self, queued: int) -> None:
        """Adapt the budget to the number of calls that wait for a core."""
        self._budget.observe(queued)
        self._wake()

    def stop(self) -> None:
        """Let every plan start."""
        self._stopped = True
        self._wake()

    def _startable(self) -> Plan | None:
        free = self._stopped or self._budget.fits
        if self._held and free:
            return self._held.popleft()
        while len(self._held) < LOOKAHEAD:
            plan = next(self._plans, None)
            if plan is None or free or not self._needs_sandbox(plan):
                return plan
            self._held.append(plan)
        return None

    def _wake(self) -> None:
        if self._held and (self._stopped or self._budget.fits):
            self._changed.set()
            self._changed = asyncio.Event()
