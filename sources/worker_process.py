"""Worker processes: forked from a server that has loaded their code, without Ctrl-C, and ended with their parent.

Without the last a worker whose parent is killed waits for work for ever.
"""

import atexit
import multiprocessing
import os
import signal
import threading
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

PRELOADED = "sources.web.worker_preload"
"""Module that is imported once, by the server, and not by every worker."""


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_context() -> ForkServerContext:
    """Return the context of workers, whose server starts with the first of them unless it runs already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    return context


def start_worker_server() -> None:
    """Start the server now: it loads code and patterns for a second, in which the caller imports its own."""
    worker_context()
    forkserver.ensure_running()


def follow_parent() -> None:
    """Initialise this worker process: it ignores Ctrl-C, ends with its parent, and ends without clearing up.

    DuckDB would otherwise print what it finds alive while the thread that waits for the parent runs.
    """
    atexit.register(os._exit, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
