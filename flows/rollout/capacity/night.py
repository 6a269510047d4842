"""The events of a simulated night on one server, with the admission control of a real rollout (`pool/kv_budget.py`).

An attempt waits until it fits, and then turn by turn for its tools, for the client, and for the server. Contexts that
outgrow the KV cache leave as in a rollout, and are computed again in full when they come back.
"""

import heapq
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

import simpy

from flows.rollout.capacity.attempts import Attempt, Segment, Turn, tokens
from flows.rollout.capacity.machines import Machines
from flows.rollout.capacity.server import Server
from flows.rollout.pool.kv_budget import Claim, ServerBudget
from flows.rollout.server_load import Load

Events = Generator[simpy.Event, None, None]
ADAPT_S = 1.0
"""Seconds between two adaptations of the admission, as in a rollout."""


@dataclass
class Night:
    """One server with its share of the machines, and the attempts that it makes."""

    machines: Machines
    env: simpy.Environment = field(default_factory=simpy.Environment)
    finished: int = 0
    leaves: int = 0
    """Times that an attempt left because contexts outgrew the KV cache."""
    recomputed: int = 0
    """Prompt tokens that were computed again after that."""
    turns: int = 0
    most_in_flight: int = 0
    sandbox_s: float = 0.0
    client_s: float = 0.0

    def __post_init__(self) -> None:
        given, servers = self.machines, self.machines.servers
        most = max(1, given.max_in_flight // servers)
        load = Load("simulated", kv_tokens=given.kv_tokens)
        self.server = Server(self.env, given.speed)
        self._budget = ServerBudget(load, most, given.kv_cache_share, float(most))
        self._waiting: list[tuple[bool, int, Claim, simpy.Event]] = []
        self._cores = simpy.Resource(self.env, max(1, given.sandbox_cores // servers))
        self._client = simpy.Resource(self.env, 1)
        self._client_s = given.client_seconds_per_turn * servers / given.client_processes

    def run(self, attempts: Iterable[Attempt]) -> None:
        """Make all attempts; afterwards `env.now` is the length of the night in seconds."""
        ended = [self.env.process(self._attempt(number, one)) for number, one in enumerate(attempts)]
        self.env.process(self._adapt())
        self.env.run(until=simpy.AllOf(self.env, ended))

    def _adapt(self) -> Events:
        while True:
            yield self.env.timeout(ADAPT_S)
            self._budget.observe(self._budget.load)
            self._admit()

    def _attempt(self, number: int, attempt: Attempt) -> Events:
        first, expected = attempt[0][0], max(tokens((segment,)) for segment in attempt)
        claim = Claim(str(number), number, first.new_tokens, expected)
        yield self._admitted(claim, new=True)
        for segment in attempt:
            yield from self._segment(claim, segment)
        self._budget.remove(claim.session)
        self.finished += 1
        self._admit()

    def _segment(self, claim: Claim, segment: Segment) -> Events:
        context, cached = 0, 0
        for turn in segment:
            yield from self._tools(turn)
            context += turn.new_tokens
            if self._budget.grow(claim.session, context).leaving:
                self._budget.remove(claim.session)
                self._admit()
                self.leaves, self.recomputed, cached = self.leaves + 1, self.recomputed + cached, 0
                yield self._admitted(claim, new=False)
            yield from self._held(self._client, self._client_s)
            self.client_s += self._client_s
            yield self.server.generate(context - cached - turn.shared_tokens, turn.sampled_tokens)
            context += turn.sampled_tokens
            cached, self.turns = context, self.turns + 1

    def _tools(self, turn: Turn) -> Events:
        waits = turn.tool_seconds - turn.sandbox_seconds
        if waits > 0:
            yield self.env.timeout(waits)
        if turn.sandbox_seconds:
            self.sandbox_s += turn.sandbox_seconds
            yield from self._held(self._cores, turn.sandbox_seconds)

    def _held(self, resource: simpy.Resource, seconds: float) -> Events:
        if not seconds:
            return
        with resource.request() as request:
            yield request
            yield self.env.timeout(seconds)

    def _admitted(self, claim: Claim, *, new: bool) -> simpy.Event:
        event = self.env.event()
        heapq.heappush(self._waiting, (new, claim.number, claim, event))
        self._admit()
        return event

    def _admit(self) -> None:
        while self._waiting and self._budget.fits(self._waiting[0][2]):
            _, _, claim, event = heapq.heappop(self._waiting)
            self._budget.add(claim)
            event.succeed()
        self.most_in_flight = max(self.most_in_flight, len(self._budget.admitted))
