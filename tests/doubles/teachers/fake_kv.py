"""A paged KV cache and the queue before it, as vLLM has them, small enough to read and the same on every run.

Blocks of a stream are named by the chain of all ids before them, so equal prefixes share blocks. What nobody
runs is kept until its room is needed, the longest unused first and a stream's tail before its head.
"""

import asyncio
from array import array
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Seat:
    """A request that waits or runs: its prompt, its blocks, and whether it was put back."""

    prompt: Sequence[int]
    blocks: list[int] = field(default_factory=list)
    cached: int | None = None
    """Prompt tokens found when it first ran."""
    running: asyncio.Event = field(default_factory=asyncio.Event)
    put_back: asyncio.Event = field(default_factory=asyncio.Event)


class KvCache:
    """`tokens` of room in blocks of `block`; raises nothing: what does not fit is told by None or False."""

    def __init__(self, tokens: int, block: int) -> None:
        self.capacity = max(1, tokens // block)
        self.block = block
        self.held: dict[int, int] = {}
        """How many seats hold each block."""
        self._idle: OrderedDict[int, None] = OrderedDict()

    @property
    def used(self) -> float:
        """Share of the blocks that running requests hold."""
        return min(1.0, len(self.held) / self.capacity)

    def names(self, stream: Sequence[int]) -> list[int]:
        """The names of a stream's whole blocks."""
        raw, width, name, names = array("i", stream).tobytes(), 4 * self.block, 0, []
        for at in range(0, len(raw) - width + 1, width):
            name = hash((name, raw[at : at + width]))
            names.append(name)
        return names

    def found(self, names: Sequence[int]) -> int:
        """How many leading blocks are there already."""
        return next(
            (at for at, name in enumerate(names) if name not in self.held and name not in self._idle), len(names)
        )

    def hold(self, names: Sequence[int], *, force: bool = False) -> bool:
        """Take the blocks, evicting idle ones where it must; False when those in use leave no room."""
        new = sum(name not in self.held for name in names)
        if len(self.held) + new > self.capacity and not force:
            return False
        for name in names:
            self._idle.pop(name, None)
            self.held[name] = self.held.get(name, 0) + 1
        while self._idle and len(self.held) + len(self._idle) > self.capacity:
            self._idle.popitem(last=False)
        return True

    def drop(self, names: Sequence[int]) -> None:
        """Let the blocks go; they stay found until their room is needed."""
        for name in reversed(names):
            self.held[name] -= 1
            if not self.held[name]:
                del self.held[name]
                self._idle[name] = None


@dataclass
class Queue:
    """First come, first served; at most `most` run, and only what the cache has room for."""

    cache: KvCache
    most: int
    waiting: deque[Seat] = field(default_factory=deque)
    seats: list[Seat] = field(default_factory=list)
    preemptions: int = 0
    queries: int = 0
    hits: int = 0

    async def run(self, prompt: Sequence[int], said: Sequence[int], cost: "Cost") -> int:
        """Wait for room, take the time that it takes, and keep what was said; gives the prompt tokens found."""
        seat = Seat(prompt)
        self.waiting.append(seat)
        try:
            self._fill()
            whole = self.cache.names([*prompt, *said])
            while True:
                await seat.running.wait()
                found = seat.cached or 0
                await _pause(seat.put_back, cost.seconds(len(prompt) - found, len(said)))
                if not seat.put_back.is_set() and self._grow(seat, whole):
                    return found
                seat.put_back.clear()
        finally:
            self._leave(seat)

    def _fill(self) -> None:
        while self.waiting and len(self.seats) < self.most:
            seat = self.waiting[0]
            names = self.cache.names(seat.prompt)
            found = self.cache.found(names[: (len(seat.prompt) - 1) // self.cache.block]) * self.cache.block
            if not self.cache.hold(names, force=not self.seats):
                return
            self.waiting.popleft()
            self.seats.append(seat)
            seat.blocks = names
            if seat.cached is None:
                seat.cached = found
                self.queries, self.hits = self.queries + len(seat.prompt), self.hits + found
            seat.running.set()

    def _grow(self, seat: Seat, whole: list[int]) -> bool:
        more = whole[len(seat.blocks) :]
        while not self.cache.hold(more, force=self.seats == [seat]):
            last = self.seats[-1]
            self.preemptions += 1
            self._put_back(last)
            if last is seat:
                return False
        seat.blocks = whole
        return True

    def _put_back(self, seat: Seat) -> None:
        self.seats.remove(seat)
        self.cache.drop(seat.blocks)
        seat.running.clear()
        seat.put_back.set()
        self.waiting.appendleft(seat)

    def _leave(self, seat: Seat) -> None:
        if seat in self.seats:
            self.seats.remove(seat)
            self.cache.drop(seat.blocks)
        else:
            self.waiting.remove(seat)
        self._fill()


@dataclass(frozen=True)
class Cost:
    """Seconds that a completion takes: in all, a prompt token that was not found, a sampled token."""

    each: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0

    def seconds(self, computed: int, sampled: int) -> float:
        return self.each + self.prefill * computed + self.decode * sampled


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        pass
