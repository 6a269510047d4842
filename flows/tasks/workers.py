"""Worker processes and threads that make drafts ahead of the night that collects them."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from flows.domains.contract import Overlap
from flows.domains.finding import use_folders
from flows.settings import Settings
from flows.tasks.probes.probe import BLIND
from sources.worker_process import follow_parent

FEWEST_TASKS = 24
"""Tasks for which processes are started: fewer take less time than the start."""


@dataclass(frozen=True)
class Workers:
    """Processes and threads that make drafts ahead; each starts when the first candidate is given to it."""

    processes: Executor | None = None
    n_processes: int = 0
    threads: Executor | None = None
    n_threads: int = 0

    def count(self, overlap: Overlap) -> int:
        """Number of workers for drafts that overlap so."""
        return {Overlap.PROCESSES: self.n_processes, Overlap.THREADS: self.n_threads}.get(overlap, 0)


@contextmanager
def opened_workers(settings: Settings, wanted: int, workers: int | None = None) -> Iterator[Workers]:
    """So many processes and threads; None: by the cores, but no processes for few tasks or a teacher that probes.

    `wanted` is the number of tasks.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    few = cores < 2 or wanted < FEWEST_TASKS or BLIND in settings.tasks.probes
    n_threads = cores + 1 if workers is None else workers  # a draft waits between its sandboxes
    n_processes = (0 if few else cores) if workers is None else workers
    with ExitStack() as opened:
        processes = threads = None
        if n_processes:
            processes = ProcessPoolExecutor(
                n_processes, get_context("spawn"), initializer=_begin, initargs=(settings.tasks.domain_folders,)
            )
            opened.callback(processes.shutdown, wait=True, cancel_futures=True)
        if n_threads:
            threads = ThreadPoolExecutor(n_threads, thread_name_prefix="compose")
            opened.callback(threads.shutdown, wait=True, cancel_futures=True)
        yield Workers(processes, n_processes, threads, n_threads)


def _begin(folders: Sequence[Path]) -> None:
    follow_parent()
    use_folders(folders)
