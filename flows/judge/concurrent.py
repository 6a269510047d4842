"""Reads several attempts at once with a model, and hands the results over in the order of submission."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from flows.judge.attempts import Attempt
from flows.judge.verdict_parts import JudgeError

SIGNALS_S = 0.5
Result = TypeVar("Result")
Taken_contra = TypeVar("Taken_contra", contravariant=True)
Submit = Callable[[Attempt], None]


class Sink(Protocol[Taken_contra]):
    """Takes results, and keeps some of them until `flush`."""

    def add(self, result: Taken_contra, /) -> None:
        """Take a result. Raises JudgeError if the model fails on all of them."""
        ...

    def flush(self) -> None:
        """Write what is kept."""
        ...


@contextmanager
def concurrently(work: Callable[[Attempt], Result], most: int, sink: Sink[Result]) -> Iterator[Submit]:
    """A function that has an attempt read, at most `most` at once, and hands results over in the order of submission.

    An error ends the block once the attempts that are being read have ended and are recorded; an interrupt at once.
    """
    pool = ThreadPoolExecutor(most, thread_name_prefix="judge")
    waiting: deque[Future[Result]] = deque()

    def submit(attempt: Attempt) -> None:
        waiting.append(pool.submit(work, attempt))
        if len(waiting) >= 2 * most:
            sink.add(_result(waiting.popleft()))

    try:
        yield submit
        while waiting:
            sink.add(_result(waiting.popleft()))
    except Exception:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for future in waiting:
            if future.done() and not future.cancelled() and not future.exception():
                with suppress(JudgeError):
                    sink.add(future.result())
        sink.flush()


def _result(future: Future[Result]) -> Result:
    """The result of a future. Wakes up to look for signals: a wait that never ends can sleep through Ctrl-C."""
    while not wait([future], SIGNALS_S).done:
        continue
    return future.result()
