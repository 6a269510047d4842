"""Measures prefix-cache hits while the contexts of the attempts in flight would fill the KV cache several times.

The server is a real vLLM with a small KV cache. The hit share is cached tokens over prompt tokens, as the server
reports them for each request. In the ideal every earlier token of the episode is cached, and for its first turn the
prefix that all episodes share; vLLM caches whole blocks, so that ideal rounded down to blocks is given, too. Without
admission means: the same night with a teacher that reports no load, so that the pool never waits for KV-cache budget.
"""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.rollout.protocol import Teacher
from flows.rollout.server_load import Load
from flows.settings import Teacher as TeacherSettings
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.fullness import rolled_out
from tests.benchmarks.rollout.recorded import Opening, Record, Request
from tests.benchmarks.rollout.serving import real_server

BLOCK = 32
"""Tokens of a block, the least that vLLM has fast kernels for on a CPU (its default there is 128, on a GPU 16)."""
FIGURES = ("rollout.cache_hit", "rollout.cache_hit_ideal", "rollout.cache_hit_unadmitted")


@dataclass(frozen=True)
class Size:
    """Blocks of the KV cache, how many times the contexts in flight have to fill it, and the night rolled out."""

    kv_blocks: int
    crowd: float
    in_flight: int
    attempts: int
    turns: tuple[int, ...]


FULL = Size(kv_blocks=768, crowd=3, in_flight=28, attempts=40, turns=(5, 6, 7, 8))
SMOKE = Size(kv_blocks=768, crowd=0, in_flight=4, attempts=4, turns=(2, 3))


def figures(size: Size) -> Iterator[Figure]:
    """Hit share, its ideal, and the hit share without admission."""
    with real_server("--num-gpu-blocks-override", str(size.kv_blocks), "--block-size", str(BLOCK)) as served:
        admitted = rolled_out(served, size.in_flight, size.attempts, size.turns)
        crowded = rolled_out(served, size.in_flight, size.attempts, size.turns, without_load)
    crowd = demand(admitted) / (size.kv_blocks * BLOCK)
    if crowd < size.crowd:
        raise RuntimeError(f"the contexts in flight would fill the cache only {crowd:.1f} times")
    load = f"contexts of {size.in_flight} attempts in flight would fill the cache {crowd:.1f} times"
    yield Figure("rollout.cache_hit", hit_share(admitted), "ratio", f"{load}; {admitted.rate:.0f} tokens/s")
    yield Figure(
        "rollout.cache_hit_ideal", ideal_share(admitted, 1), "ratio",
        f"in whole blocks of {BLOCK} tokens, as vLLM caches them: {ideal_share(admitted, BLOCK)}",
    )  # fmt: skip
    yield Figure("rollout.cache_hit_unadmitted", hit_share(crowded), "ratio", f"{load}; {crowded.rate:.0f} tokens/s")


def hit_share(record: Record) -> float:
    """Cached tokens over prompt tokens."""
    return round(sum(one.cached for one in record.requests) / sum(one.prompt for one in record.requests), 4)


def ideal_share(record: Record, block: int) -> float:
    """The hit share if every earlier token of an episode were cached, in whole blocks of that many tokens."""
    before: dict[str, Request] = {}
    cached = 0
    shared = max(one.cached for one in _firsts(record))
    for one in record.in_order:
        last = before.get(one.session)
        cached += (last.prompt + last.sampled) // block * block if last else shared
        before[one.session] = one
    return round(cached / sum(one.prompt for one in record.requests), 4)


def _firsts(record: Record) -> list[Request]:
    return list({one.session: one for one in reversed(record.in_order)}.values())


def demand(record: Record) -> float:
    """Tokens of the contexts of all attempts in flight, each at its mean over its turns."""
    return record.in_flight * sum(one.prompt + one.sampled for one in record.requests) / len(record.requests)


def without_load(opening: Opening) -> Opening:
    """An `open_teacher` whose teacher reports no load of its servers, so that every attempt is admitted at once."""

    @asynccontextmanager
    async def opened(settings: TeacherSettings, logs: Path) -> Any:
        async with opening(settings, logs) as teacher:
            yield WithoutLoad(teacher)

    return opened


class WithoutLoad:
    """A teacher that reports which servers are up, and not how busy they are."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    def loads(self) -> list[Load]:
        """The servers and whether each is up."""
        return [Load(load.server, load.up) for load in self._teacher.loads()]
