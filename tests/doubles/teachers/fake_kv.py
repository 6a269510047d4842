"""A paged KV cache with prefix caching and a request queue, as vLLM has them, in a small deterministic form.

A block is named by the hash of all ids up to its end, so equal prefixes share blocks. Blocks that no request holds stay
cached until their space is needed; the least recently used are evicted, and the tail of a stream before its head.
"""

import asyncio
from array import array
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class QueuedRequest:
    """A request that waits or runs: its prompt, its blocks, and whether it was preempted."""

    prompt: Sequence[int]
    blocks: list[int] = field(default_factory=list)
    cached: int | None = None
    """Prompt tokens found in the cache when it first ran."""
    running: asyncio.Event = field(default_factory=asyncio.Event)
    preempted: asyncio.Event = field(default_factory=asyncio.Event)


class KvCache:
    """A cache of `tokens` tokens in blocks of `block` tokens; `hold` returns False if a request does not fit."""

    def __init__(self, tokens: int, block: int) -> None:
        self.capacity = max(1, tokens // block)
        self.block = block
        self.held: dict[int, int] = {}
        """Number of requests that hold each block."""
        self._idle: OrderedDict[int, None] = OrderedDict()

    @property
    def used(self) -> float:
        """Share of the blocks that running requests hold, 0 to 1."""
        return min(1.0, len(self.held) / self.capacity)

    def names(self, stream: Sequence[int]) -> list[int]:
        """Names of the full blocks of a stream."""
        raw, width, name, names = array("i", stream).tobytes(), 4 * self.block, 0, []
        for at in range(0, len(raw) - width + 1, width):
            name = hash((name, raw[at : at + width]))
            names.append(name)
        return names

    def count_cached(self, names: Sequence[int]) -> int:
        """Number of leading blocks that are cached."""
        return next(
            (at for at, name in enumerate(names) if name not in self.held and name not in self._idle), len(names)
        )

    def hold(self, names: Sequence[int], *, force: bool = False) -> bool:
        """Allocate the blocks, evicting idle ones; False if the held blocks leave too little space."""
        new = sum(name not in self.held for name in names)
        if len(self.held) + new > self.capacity and not force:
            return False
        for name in names:
            self._idle.pop(name, None)
            self.held[name] = self.held.get(name, 0) + 1
        while self._idle and len(self.held) + len(self._idle) > self.capacity:
            self._idle.popitem(last=False)
        return True

    def release(self, names: Sequence[int]) -> None:
        """Release the blocks; they stay cached until their space is needed."""
        for name in reversed(names):
            self.held[name] -= 1
            if not self.held[name]:
                del self.held[name]
                self._idle[name] = None


@dataclass
class Queue:
    """A first-come, first-served queue: at most `max_running` requests run, and only those that fit into the cache."""

    cache: KvCache
    max_running: int
    waiting: deque[QueuedRequest] = field(default_factory=deque)
    running: list[QueuedRequest] = field(default_factory=list)
    preemptions: int = 0
    queries: int = 0
    hits: int = 0

    async def run(self, prompt: Sequence[int], sampled: Sequence[int], cost: "Cost") -> int:
        """Wait for space, spend the cost, cache the ids; returns the number of prompt tokens found in the cache."""
        request = QueuedRequest(prompt)
        self.waiting.append(request)
        try:
            self._admit()
            blocks = self.cache.names([*prompt, *sampled])
            while True:
                await request.running.wait()
                cached = request.cached or 0
                await _sleep(request.preempted, cost.seconds(len(prompt) - cached, len(sampled)))
                if not request.preempted.is_set() and self._grow(request, blocks):
                    return cached
                request.preempted.clear()
        finally:
            self._leave(request)

    def _admit(self) -> None:
        while self.waiting and len(self.running) < self.max_running:
            request = self.waiting[0]
            names = self.cache.names(request.prompt)
            usable = names[: (len(request.prompt) - 1) // self.cache.block]
            cached = self.cache.count_cached(usable) * self.cache.block
            if not self.cache.hold(names, force=not self.running):
                return
            self.waiting.popleft()
            self.running.append(request)
            request.blocks = names
            if request.cached is None:
                request.cached = cached
                self.queries, self.hits = self.queries + len(request.prompt), self.hits + cached
            request.running.set()

    def _grow(self, request: QueuedRequest, blocks: list[int]) -> bool:
        new = blocks[len(request.blocks) :]
        while not self.cache.hold(new, force=self.running == [request]):
            last = self.running[-1]
            self.preemptions += 1
            self._preempt(last)
            if last is request:
                return False
        request.blocks = blocks
        return True

    def _preempt(self, request: QueuedRequest) -> None:
        self.running.remove(request)
        self.cache.release(request.blocks)
        request.running.clear()
        request.preempted.set()
        self.waiting.appendleft(request)

    def _leave(self, request: QueuedRequest) -> None:
        if request in self.running:
            self.running.remove(request)
            self.cache.release(request.blocks)
        else:
            self.waiting.remove(request)
        self._admit()


@dataclass(frozen=True)
class Cost:
    """Seconds that a completion takes: per request, per prompt token that is not cached, per sampled token."""

    each: float = 0.0
    prefill: float = 0.0
    decode: float = 0.0

    def seconds(self, computed: int, sampled: int) -> float:
        return self.each + self.prefill * computed + self.decode * sampled


async def _sleep(interrupt: asyncio.Event, seconds: float) -> None:
    """Sleep until the seconds have passed or the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await interrupt.wait()
    except TimeoutError:
        pass
