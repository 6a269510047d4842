"""The KV-cache budget of one server: the contexts that it holds, the claims on it, and the queue of waiting attempts.

The budget is the size of the KV cache that the server reports. An attempt claims the tokens that it has and a share of
those that it is expected to add. If the contexts outgrow the budget, the youngest attempts leave at the end of their
turn. The limit on concurrent attempts follows additive increase, multiplicative decrease, as in TCP (Chiu and Jain,
1989): it falls when the server preempts, refuses or queues requests, and grows otherwise.
"""

import asyncio
import math
from dataclasses import dataclass, field

from flows.rollout.server_load import Load

RESERVED_SHARE = 0.5
"""Share of its expected growth that an attempt claims: attempts in flight are, on average, half grown."""
TARGET_SHARE = 0.95
"""Share of the budget to which an overfull budget is brought back."""
INCREASE, DECREASE, MIN_THROTTLE = 1.05, 0.8, 0.3
COOLDOWN = 5
"""Observations between two decreases, so that the effect of the first is visible before the second."""
QUEUE_SHARE, QUEUE_FLOOR = 0.25, 8
"""A queue that is longer than this share of the running requests, and than this number, does not drain."""


@dataclass
class Claim:
    """An attempt's claim on a budget, in tokens. `number` is its position in the order of arrival and never changes."""

    session: str
    number: int
    tokens: int
    expected: int
    leaving: bool = False
    """True if the attempt must leave at the end of its turn, because the contexts outgrew the budget."""

    @property
    def size(self) -> int:
        """The tokens of the context, and those reserved for its growth."""
        return self.tokens + int(RESERVED_SHARE * max(0, self.expected - self.tokens))


@dataclass(order=True)
class QueuedAttempt:
    """A queued attempt. Attempts that already ran are admitted first, then in order of arrival."""

    new: bool
    number: int
    claim: Claim = field(compare=False)
    admitted: "asyncio.Future[None]" = field(compare=False)


@dataclass
class ServerBudget:
    """The attempts of one server: at most `max_attempts`, and at most `share` of its KV cache."""

    load: Load
    max_attempts: int
    share: float
    limit: float
    """Current limit on concurrent attempts, at most `max_attempts`."""
    throttle: float = 1.0
    """Factor on the budget, from MIN_THROTTLE to 1, that falls when the server preempts."""
    admitted: dict[str, Claim] = field(default_factory=dict)
    queue: list[QueuedAttempt] = field(default_factory=list)
    """A heap."""
    claimed: int = 0
    """Sum of the sizes of all admitted claims."""
    used: int = 0
    """Context tokens of the admitted attempts that are not leaving."""
    cooldown: int = 0

    @property
    def budget(self) -> float:
        """Tokens that may be claimed; infinite if the server does not report the size of its cache."""
        return self.load.kv_tokens * self.share * self.throttle if self.load.kv_tokens else math.inf

    def fits(self, claim: Claim) -> bool:
        """True if the claim may be admitted now. An empty server admits any claim, so that every attempt ends."""
        fits = len(self.admitted) < int(self.limit) and self.claimed + claim.size <= self.budget
        return fits or not self.admitted

    def add(self, claim: Claim) -> None:
        """Admit a claim."""
        claim.leaving = False
        self.admitted[claim.session] = claim
        self.claimed += claim.size
        self.used += claim.tokens

    def remove(self, session: str) -> Claim:
        """Release a claim and return it."""
        claim = self.admitted.pop(session)
        self.claimed -= claim.size
        self.used -= 0 if claim.leaving else claim.tokens
        return claim

    def grow(self, session: str, tokens: int) -> Claim:
        """Set the context tokens of a claim; if the budget is exceeded, mark the youngest attempts as leaving."""
        claim = self.admitted[session]
        before = claim.size
        self.used += 0 if claim.leaving else tokens - claim.tokens
        claim.tokens = tokens
        self.claimed += claim.size - before
        if self.used > self.budget:
            self._mark_youngest()
        return claim

    def observe(self, load: Load) -> None:
        """Adapt limit and throttle to the server's newest load; call this at even intervals."""
        last, self.load = self.load, load
        self.cooldown = max(0, self.cooldown - 1)
        preempts = load.preemptions > last.preemptions
        queues = min(load.waiting, last.waiting) > max(QUEUE_FLOOR, QUEUE_SHARE * load.running)
        if not (preempts or queues or load.refusals > last.refusals):
            self.limit = min(float(self.max_attempts), self.limit * INCREASE + 1)
            self.throttle = min(1.0, self.throttle * INCREASE)
        elif not self.cooldown:
            self.cooldown = COOLDOWN
            self.limit = max(1.0, DECREASE * min(self.limit, len(self.admitted)))
            self.throttle = max(MIN_THROTTLE, self.throttle * DECREASE) if preempts else self.throttle

    def _mark_youngest(self) -> None:
        staying = sorted((claim for claim in self.admitted.values() if not claim.leaving), key=lambda one: one.number)
        while len(staying) > 1 and self.used > TARGET_SHARE * self.budget:
            youngest = staying.pop()
            youngest.leaving = True
            self.used -= youngest.tokens
