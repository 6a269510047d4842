"""An executor whose workers are the processes of a Ray cluster, on any of its machines."""

import concurrent.futures
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import ParamSpec, TypeVar

from flows.engine.engine import Engine, EngineError, ShareLost, WorkersLost
from flows.engine.place import Place
from flows.engine.ray_driver import RETRIES, drive

P = ParamSpec("P")
R = TypeVar("R")

CLOSING_S = 10.0
"""Seconds that the connection to the cluster may take to close."""


@contextmanager
def ray_engine(address: str, place: Place, log: Path) -> Iterator[Engine]:
    """Workers of the cluster at the address, for the block; raises EngineError if there are none.

    Calls that are not done at the end of the block are ended. `log` is the file of Ray's own lines.
    """
    here, there = (context := get_context("spawn")).Pipe()
    driver = context.Process(target=drive, args=(there, address, place, log), daemon=True)
    driver.start()
    there.close()
    executor = RayExecutor(here, address)
    try:
        yield Engine(executor, _workers(here, address, log, executor))
    finally:
        executor.shutdown(cancel_futures=True)
        driver.join(CLOSING_S)
        driver.kill()
        driver.join()
        executor.close()


def _workers(pipe: Connection, address: str, log: Path, executor: "RayExecutor") -> int:
    try:
        ready = pipe.recv()
    except EOFError:
        ready = f"it does not answer; {log} has Ray's own lines"
    if not isinstance(ready, int):
        raise EngineError(
            f"engine.address = {address}: no Ray cluster can be reached ({ready}). Start one on this machine with "
            "`ray start --head`, or join one with `ray start --address=HOST:6379`"
        )
    if not ready:
        raise EngineError(f"the Ray cluster at {address} has no CPU for work: join it with `ray start --address`")
    executor.receive()
    return ready


class RayExecutor(Executor):
    """Sends calls to the process that is connected to the cluster, and receives their answers in a thread."""

    def __init__(self, pipe: Connection, address: str) -> None:
        self._pipe, self._address = pipe, address
        self._lock, self._numbers = Lock(), count()
        self._pending: dict[int, Future[object]] = {}
        self._ended = False
        self._receiver = Thread(target=self._receive, daemon=True, name="ray-answers")

    def receive(self) -> None:
        """Start to receive answers."""
        self._receiver.start()

    def close(self) -> None:
        """Close the pipe, whose other end is closed."""
        if self._receiver.ident:
            self._receiver.join()
        self._pipe.close()

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call; its function, arguments and result are pickled. Raises WorkersLost if the cluster is gone."""
        call, future = pickle.dumps((fn, args, kwargs)), Future[R]()
        future.set_running_or_notify_cancel()  # a call that was sent cannot be cancelled
        with self._lock:
            if self._ended:
                raise self._lost()
            number = next(self._numbers)
            self._pending[number] = future  # type: ignore[assignment]
            try:
                self._pipe.send((number, call))
            except OSError as error:
                raise self._lost() from error
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the connection, after the calls that are not done unless `cancel_futures`, which fail then."""
        if wait and not cancel_futures:
            concurrent.futures.wait(list(self._pending.values()))
        self._fail_pending()
        with suppress(OSError):
            self._pipe.send(None)

    def _receive(self) -> None:
        """Settle calls until the other end of the pipe closes."""
        with suppress(EOFError, OSError):
            while True:
                number, answer = self._pipe.recv()
                with self._lock:
                    future = self._pending.pop(number, None)
                if future:
                    _settle(future, answer)
        self._fail_pending()

    def _fail_pending(self) -> None:
        with self._lock:
            self._ended = True
            pending, self._pending = self._pending, {}
        for future in pending.values():
            future.set_exception(self._lost())

    def _lost(self) -> WorkersLost:
        return WorkersLost(
            f"the connection to the Ray cluster at {self._address} ended: what is done is kept. Look at `ray status`, "
            "then run the same command again"
        )


def _settle(future: Future[object], answer: bytes | str) -> None:
    if isinstance(answer, str):
        future.set_exception(
            ShareLost(f"a share of the work was lost {RETRIES + 1} times ({answer}); run the same command again")
        )
        return
    try:
        succeeded, value = pickle.loads(answer)  # noqa: S301
    except Exception as error:  # an error whose class cannot be made again from its arguments
        succeeded, value = False, EngineError(f"an answer of a worker cannot be read: {error!r}")
    if succeeded:
        future.set_result(value)
    else:
        future.set_exception(value)
