"""Worker processes, here or on a cluster, and threads that make drafts ahead of the night that collects them."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from flows.domains.contract import Overlap
from flows.engine.open import opened_engine
from flows.settings import Settings
from flows.tasks.composers import chosen_composers
from flows.tasks.probes.probe import BLIND
from sources.worker_process import available_cores

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

    `wanted` is the number of tasks. The workers of a cluster take the place of processes, if a composer uses them.
    """
    cluster = settings.engine.kind == "ray"
    cores = available_cores()
    few = (cores < 2 and not cluster) or wanted < FEWEST_TASKS or BLIND in settings.tasks.probes
    n_threads = cores + 1 if workers is None else workers  # a draft waits between its sandboxes
    n_processes = (0 if few else cores) if workers is None else workers
    with ExitStack() as opened:
        processes = threads = None
        if n_processes and (not cluster or _any_in_processes(settings)):
            engine = opened.enter_context(opened_engine(settings, n_processes))
            processes, n_processes = engine.executor, engine.workers
        if n_threads:
            threads = ThreadPoolExecutor(n_threads, thread_name_prefix="compose")
            opened.callback(threads.shutdown, wait=True, cancel_futures=True)
        yield Workers(processes, n_processes, threads, n_threads)


def _any_in_processes(settings: Settings) -> bool:
    return any(composer.overlap is Overlap.PROCESSES for _, composer in chosen_composers(settings))
