"""Worker processes: a page that kills or blocks its worker costs only itself."""

import asyncio
import os
import signal

import pytest

from sources.text.extraction_pool import ExtractionPool, WorkerDied


def _double(n: int) -> int:
    return 2 * n


def _die() -> None:
    os._exit(9)


def _raise() -> None:
    raise RecursionError("too deep")


async def test_a_worker_that_dies_is_replaced() -> None:
    """One broken page must not take the others with it."""
    async with ExtractionPool(2) as workers:
        calls = [workers.call(_double, n) for n in range(4)]
        results = await asyncio.gather(workers.call(_die), *calls, return_exceptions=True)
        assert isinstance(results[0], WorkerDied) and results[1:] == [0, 2, 4, 6]
        assert await asyncio.gather(*(workers.call(_double, n) for n in range(4))) == [0, 2, 4, 6]
        with pytest.raises(RecursionError):
            await workers.call(_raise)


def _spin() -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
    while True:
        pass


async def test_a_worker_that_never_ends_is_ended() -> None:
    """A page that a parser cannot finish must not hold the night."""
    async with ExtractionPool(1) as workers:
        with pytest.raises(WorkerDied):
            await workers.call(_spin)
        assert await workers.call(_double, 2) == 4
