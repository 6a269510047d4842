"""The process that is connected to a Ray cluster, a child of the process that works on a night.

Ray ends a process that loses the head of its cluster, replaces handlers of signals, and starts threads. All of that
stays in this child: when it ends, the calls that are not done fail in its parent, and the night goes on from there.
"""

import os
import sys
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Any

from flows.engine.place import Place, call_at
from sources.worker_process import follow_parent

RETRIES = 3
"""Times that Ray repeats a call whose worker or machine is lost."""


def drive(pipe: Connection, address: str, place: Place, log: Path) -> None:
    """Connect, send the number of workers or a message why not, then run calls until None comes.

    A call comes as (number, pickled call); its answer is (number, pickled answer), or (number, a message) where the
    workers are lost. Ray's own lines go to the file `log`, not into the terminal of a night.
    """
    follow_parent()
    _write_to(log)
    connected = _connected(address)
    if isinstance(connected, str):
        pipe.send(connected)
        return
    remote = connected.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(call_at)
    sending = Lock()
    pipe.send(int(connected.cluster_resources().get("CPU", 0)))
    while message := pipe.recv():
        number, call = message
        remote.remote(place, call).future().add_done_callback(partial(_answer, pipe, sending, number))
    connected.shutdown()


def _connected(address: str) -> Any:
    """The module `ray`, connected to the cluster, or a message why it is not."""
    try:
        import ray
    except ImportError:
        return "the package is missing: pip install 'horizon-factory[ray]'"
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except Exception as error:  # Ray raises errors of many kinds, of its own and of gRPC
        return str(error).strip().partition("\n")[0]
    return ray


def _write_to(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file.fileno(), stream.fileno())


def _answer(pipe: Connection, sending: Lock, number: int, done: Future[bytes]) -> None:
    error = done.exception()
    answer = done.result() if error is None else f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    with sending, suppress(OSError):
        pipe.send((number, answer))
