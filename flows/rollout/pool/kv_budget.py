"""One server's room: how many contexts it holds, who is in it, and who waits.

A room is as large as its server says its KV cache is. An attempt claims the tokens that it has and a part
of those that it is expected to add; when contexts outgrow the room, the youngest leave at the end of their
turn. A server that preempts, refuses or queues gets fewer attempts, one that keeps up gets more: additive
increase, multiplicative decrease, as TCP does (Chiu and Jain, 1989).
"""

import asyncio
import math
from dataclasses import dataclass, field

from flows.rollout.protocol import Load

RESERVED = 0.5
"""Share of its expected growth that an attempt claims: those in flight are, on average, half grown."""
SETTLED = 0.95
"""Share of the budget that a crowded room is brought back to."""
GROWTH, SHRINK, LEAST_THROTTLE = 1.05, 0.8, 0.3
CALM = 5
"""Observations after a decrease before the next: what it did must first be seen."""
QUEUE_SHARE, QUEUE_FLOOR = 0.25, 8
"""A queue longer than this share of what runs, and than this number, does not drain."""


@dataclass
class Claim:
    """An attempt's part of a room, in tokens; `number` is its place in line, kept for good."""

    session: str
    number: int
    tokens: int
    expected: int
    leaving: bool = False
    """It waits at the end of its turn: the room has outgrown its server."""

    @property
    def size(self) -> int:
        """The tokens that it has, and those kept free for it."""
        return self.tokens + int(RESERVED * max(0, self.expected - self.tokens))


@dataclass(order=True)
class Waiting:
    """Someone at the door: those who were inside before come first, then each in line."""

    new: bool
    number: int
    claim: Claim = field(compare=False)
    entered: "asyncio.Future[None]" = field(compare=False)


@dataclass
class Room:
    """The attempts of one server; `most` in number, `share` of its cache in tokens."""

    load: Load
    most: int
    share: float
    limit: float
    throttle: float = 1.0
    inside: dict[str, Claim] = field(default_factory=dict)
    line: list[Waiting] = field(default_factory=list)
    claimed: int = 0
    present: int = 0
    """Tokens of those inside who need not leave."""
    calm: int = 0

    @property
    def budget(self) -> float:
        """Tokens that may be claimed."""
        return self.load.kv_tokens * self.share * self.throttle if self.load.kv_tokens else math.inf

    def fits(self, claim: Claim) -> bool:
        """May it come in now? An empty room takes anyone, else nothing would ever end."""
        roomy = len(self.inside) < int(self.limit) and self.claimed + claim.size <= self.budget
        return roomy or not self.inside

    def add(self, claim: Claim) -> None:
        """Let a claim in."""
        claim.leaving = False
        self.inside[claim.session] = claim
        self.claimed += claim.size
        self.present += claim.tokens

    def remove(self, session: str) -> Claim:
        """Take a claim out."""
        claim = self.inside.pop(session)
        self.claimed -= claim.size
        self.present -= 0 if claim.leaving else claim.tokens
        return claim

    def grow(self, session: str, tokens: int) -> Claim:
        """Count the tokens that a claim has now; while all are too many, the youngest are to leave."""
        claim = self.inside[session]
        before = claim.size
        self.present += 0 if claim.leaving else tokens - claim.tokens
        claim.tokens = tokens
        self.claimed += claim.size - before
        if self.present > self.budget:
            self._send_away()
        return claim

    def observe(self, load: Load) -> None:
        """Take a server's newest word of itself into account; called at even intervals."""
        last, self.load = self.load, load
        self.calm = max(0, self.calm - 1)
        preempts = load.preemptions > last.preemptions
        queues = min(load.waiting, last.waiting) > max(QUEUE_FLOOR, QUEUE_SHARE * load.running)
        if not (preempts or queues or load.refusals > last.refusals):
            self.limit = min(float(self.most), self.limit * GROWTH + 1)
            self.throttle = min(1.0, self.throttle * GROWTH)
        elif not self.calm:
            self.calm = CALM
            self.limit = max(1.0, SHRINK * min(self.limit, len(self.inside)))
            self.throttle = max(LEAST_THROTTLE, self.throttle * SHRINK) if preempts else self.throttle

    def _send_away(self) -> None:
        staying = sorted((one for one in self.inside.values() if not one.leaving), key=lambda one: one.number)
        while len(staying) > 1 and self.present > SETTLED * self.budget:
            youngest = staying.pop()
            youngest.leaving = True
            self.present -= youngest.tokens
