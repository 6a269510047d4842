"""Worker processes of a pool leave Ctrl-C to their parent, and end when it ends, however that happens.

Without this a worker whose parent is killed waits for work for ever.
"""

import atexit
import multiprocessing
import os
import signal
import threading


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
