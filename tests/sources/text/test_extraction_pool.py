"""Worker processes of extraction: a page that kills or blocks its worker fails alone."""

import asyncio
import os
import signal

import pytest

from sources.languages import identifier
from sources.privacy import redaction
from sources.text.extraction_pool import ExtractionPool
from sources.text.extraction_worker import WorkerDied


def _double(n: int) -> int:
    return 2 * n


def _die() -> None:
    os._exit(9)


def _raise() -> None:
    raise RecursionError("too deep")


async def test_a_worker_that_dies_is_replaced() -> None:
    """One page that crashes its worker must not fail the other pages."""
    async with ExtractionPool(2) as workers:
        calls = [workers.call(_double, n) for n in range(4)]
        results = await asyncio.gather(workers.call(_die), *calls, return_exceptions=True)
        assert isinstance(results[0], WorkerDied) and results[1:] == [0, 2, 4, 6]
        assert await asyncio.gather(*(workers.call(_double, n) for n in range(4))) == [0, 2, 4, 6]
        with pytest.raises(RecursionError):
            await workers.call(_raise)


def _loaded() -> tuple[int, int]:
    return identifier.cache_info().currsize, redaction._scanner.cache_info().currsize


async def test_a_worker_starts_with_all_that_is_slow_to_load() -> None:
    """On a busy machine the first page of a worker would otherwise exceed the time that a page may take."""
    async with ExtractionPool(1) as workers:
        assert await workers.call(_loaded) == (1, 1)


def _spin() -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
    while True:
        pass


async def test_a_worker_over_its_cpu_limit_is_killed() -> None:
    """A page that hangs the parser must not block the crawl."""
    async with ExtractionPool(1) as workers:
        with pytest.raises(WorkerDied):
            await workers.call(_spin)
        assert await workers.call(_double, 2) == 4


async def test_a_call_that_is_given_up_does_not_answer_the_next_one() -> None:
    """The text of one page would else become the text of another."""
    async with ExtractionPool(1) as workers:
        given_up = asyncio.create_task(workers.call(_double, 5))
        while not given_up.done():
            await asyncio.sleep(0)
            given_up.cancel()
        assert await asyncio.gather(*(workers.call(_double, n) for n in range(3))) == [0, 2, 4]


class _OddError(Exception):
    def __init__(self) -> None:
        super().__init__("odd")
        self.hook = lambda: None


def _raise_odd() -> None:
    raise _OddError


def _large(n: int) -> bytes:
    return b"x" * n


async def test_errors_that_cannot_be_sent_and_large_results_arrive() -> None:
    """A parser's own kind of error, or a book of ten megabytes, must not take the worker with it."""
    async with ExtractionPool(1) as workers:
        with pytest.raises(RuntimeError, match="_OddError: odd"):
            await workers.call(_raise_odd)
        assert len(await workers.call(_large, 10_000_000)) == 10_000_000
        assert await workers.call(len, b"y" * 10_000_000) == 10_000_000
