"""Workers for the work of a step, on one machine or on many: the same functions, and results in the same order.

A function is given to them by its name and gets paths and small values. It writes files that appear whole, and returns
counts: no rows of the lake travel between processes or machines.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TypeVar

S = TypeVar("S")
R = TypeVar("R")

AHEAD = 2
"""Shares begun for each worker, so that none waits while the first result is used."""


class EngineError(Exception):
    """The workers cannot be used; the message names the setting or the machine, and the next step."""


class WorkersLost(BrokenExecutor):
    """The workers ended before the work did; the message names the next step. Work that has ended is kept."""


class ShareLost(WorkersLost):
    """One share ended each worker that tried it, while the others go on."""


@dataclass(frozen=True)
class Engine:
    """Workers that are ready for work."""

    executor: Executor
    workers: int
    """Functions that run at a time."""

    def spread(self, function: Callable[[S], R], shares: Iterable[S]) -> Iterator[R]:
        """The function's results on all shares, in their order; a share whose worker is lost is given to another.

        Raises the first error of a share in this order, EngineError, or WorkersLost where no worker is left.
        """
        begun = deque[Future[R]]()
        for share in shares:
            begun.append(self.executor.submit(function, share))
            if len(begun) >= AHEAD * self.workers:
                yield _result(begun.popleft())
        while begun:
            yield _result(begun.popleft())


def _result(begun: Future[R]) -> R:
    try:
        return begun.result()
    except BrokenProcessPool as error:
        raise WorkersLost(
            "a worker process of this machine ended, as it does when memory runs out: what is done is kept; run the "
            "same command again"
        ) from error
