"""Nights in shards on this machine: threads or processes that die stand for the machines of a cluster."""

import multiprocessing
import random
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from flows.crawl.crawler import run_crawl
from flows.crawl.shards.rounds import OpenEngine
from flows.engine.engine import Engine as Workers
from flows.settings import Crawl, Engine, Settings
from tests.flows.crawl.nights import Rows, rows_of
from warehouse.console.progress import silent

OF_A_READING = ("fetched_at", "warc_file", "warc_offset")
"""Columns that differ between two crawls of the same pages."""
CONTEXT = multiprocessing.get_context("forkserver")
WORKERS = 3


@contextmanager
def threads(settings: Settings) -> Iterator[Workers]:
    """Workers in this process."""
    with ThreadPoolExecutor(WORKERS) as executor:
        yield Workers(executor, WORKERS)


class Dying:
    """Workers of which some die in the midst of a call; the call is then run again, as Ray does."""

    def __init__(self, seed: int, cpu_s: float, share: float) -> None:
        self._numbers, self._cpu_s, self._share = random.Random(seed), cpu_s, share
        self.deaths = 0

    @contextmanager
    def opened(self, settings: Settings) -> Iterator[Workers]:
        """Workers for the block."""
        with ThreadPoolExecutor(WORKERS) as executor:
            yield Workers(_Through(executor, self.run), WORKERS)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """The result of a call, whose first process may die."""
        if self._numbers.random() < self._share:
            here, there = CONTEXT.Pipe(duplex=False)
            limit = self._numbers.uniform(0.01, self._cpu_s)
            process = CONTEXT.Process(target=_call_until, args=(there, limit, function, args))
            process.start()
            there.close()
            process.join()
            if process.exitcode == 0:
                return here.recv()
            assert process.exitcode == -signal.SIGPROF, process.exitcode
            self.deaths += 1
        return function(*args)


class _Through(ThreadPoolExecutor):
    """An executor that gives its calls to a function."""

    def __init__(self, threads: ThreadPoolExecutor, run: Callable[..., Any]) -> None:
        super().__init__(1)
        self._pool, self._run = threads, run

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return self._pool.submit(self._run, fn, *args)


def _call_until(pipe: Connection, cpu_s: float | None, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Call in this process, which dies after some CPU seconds at any point of its work."""
    if cpu_s is not None:
        signal.setitimer(signal.ITIMER_PROF, cpu_s)  # no handler is set: the signal ends the process as SIGKILL does
    pipe.send(function(*args))


def home_of(home: Path, seeds: list[str], shards: int, **crawl: object) -> Settings:
    """Settings of a night in so many shards; 1: in one process."""
    section: dict[str, Any] = {"seeds": seeds, "allow_addresses": ["127.0.0.0/8"], "shards": shards, **crawl}
    engine = Engine(kind="ray") if shards > 1 else Engine()
    return Settings(home=home, crawl=Crawl.model_validate(section), engine=engine, blocklist=[r"/private/"])


def sharded_night(settings: Settings, day: date, opening: OpenEngine = threads) -> tuple[dict[str, int | str], Rows]:
    """Crawl one night; return its counts, and its rows by url."""
    counts = run_crawl(settings, day, silent, opening=opening)
    return counts, comparable(rows_of(settings.home, day))


def night_until(settings: Settings, day: date, cpu_s: float) -> int | None:
    """Crawl a night in a process that dies after some CPU seconds; its exit code."""
    here, there = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_call_until, args=(there, cpu_s, _night, (settings, day)))
    process.start()
    process.join()
    here.close()
    return process.exitcode


def _night(settings: Settings, day: date) -> None:
    run_crawl(settings, day, silent, opening=threads)


def comparable(found: Rows) -> Rows:
    """The rows without the columns that differ between two readings of the same page."""
    nothing = dict.fromkeys(OF_A_READING)
    return {url: row.model_copy(update=nothing) for url, row in sorted(found.items())}
