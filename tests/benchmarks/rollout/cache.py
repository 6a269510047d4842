"""How much of what an episode said before is still in the server's prefix cache, when far more contexts want in.

A real vLLM server with a small KV cache; the attempts that may be in flight would fill it three times over. The
hit share is what the server itself says of each request: cached tokens over prompt tokens. Ideal is that every
earlier token of the episode is cached (and, for its first turn, the words that all episodes begin with); vLLM keeps
whole blocks only, so the same ideal cut to blocks stands beside it. Without admission the same night is rolled out
with a teacher that says nothing of its load.
"""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

from flows.rollout.protocol import Load, Teacher
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.fullness import rolled_out
from tests.benchmarks.rollout.recorded import Opening, Record, Request
from tests.benchmarks.rollout.serving import real_server

BLOCK = 32
"""Tokens of a block, the least that vLLM has fast kernels for on a CPU (its default there is 128, on a GPU 16)."""
KV_BLOCKS = 768
CROWD = 3
"""Times that the contexts of the attempts in flight would fill the cache."""
ATTEMPTS = 40
TURNS = (5, 6, 7, 8)
IN_FLIGHT = 28


def figures() -> Iterator[Figure]:
    """Hit share, its ideal, and the hit share without admission."""
    with real_server("--num-gpu-blocks-override", str(KV_BLOCKS), "--block-size", str(BLOCK)) as served:
        admitted = rolled_out(served, IN_FLIGHT, ATTEMPTS, TURNS)
        crowded = rolled_out(served, IN_FLIGHT, ATTEMPTS, TURNS, unheard)
    crowd = _demand(admitted) / (KV_BLOCKS * BLOCK)
    if crowd < CROWD:
        raise RuntimeError(f"the contexts in flight would fill the cache only {crowd:.1f} times")
    told = f"contexts of {IN_FLIGHT} attempts in flight would fill the cache {crowd:.1f} times"
    yield Figure("rollout.cache_hit", hit_share(admitted), "ratio", f"{told}; {admitted.rate:.0f} tokens/s")
    yield Figure(
        "rollout.cache_hit_ideal", ideal_share(admitted, 1), "ratio",
        f"cut to blocks of {BLOCK} tokens, as vLLM keeps them: {ideal_share(admitted, BLOCK)}",
    )  # fmt: skip
    yield Figure("rollout.cache_hit_unadmitted", hit_share(crowded), "ratio", f"{told}; {crowded.rate:.0f} tokens/s")


def hit_share(record: Record) -> float:
    """Cached tokens over prompt tokens."""
    return round(sum(one.cached for one in record.requests) / sum(one.prompt for one in record.requests), 4)


def ideal_share(record: Record, block: int) -> float:
    """The hit share if everything earlier were there, in whole blocks of a size."""
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


def _demand(record: Record) -> float:
    """Tokens that the contexts of IN_FLIGHT attempts hold, each at its mean over its turns."""
    return IN_FLIGHT * sum(one.prompt + one.sampled for one in record.requests) / len(record.requests)


def unheard(opening: Opening) -> Opening:
    """An `open_teacher` whose teacher says nothing of its servers' loads, so that nobody is kept waiting."""

    @asynccontextmanager
    async def opened(settings: Settings) -> Any:
        async with opening(settings) as teacher:
            yield Unheard(teacher)

    return opened


class Unheard:
    """A teacher whose loads are bare."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    def loads(self) -> list[Load]:
        """Which servers there are, and nothing more."""
        return [Load(load.server, load.up) for load in self._teacher.loads()]
