"""Opens the workers that the settings choose: processes of this machine, or a Ray cluster."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from pathlib import Path

from flows.engine.engine import Engine
from flows.engine.place import this_place
from flows.engine.ray_executor import ray_engine
from flows.settings import Settings
from sources.worker_process import follow_parent

LOG = "ray.log"
"""File among the logs with the lines that Ray writes."""


def opened_engine(settings: Settings, processes: int = 1) -> AbstractContextManager[Engine]:
    """The workers of `[engine]` for the block: so many processes of this machine, or the CPUs of a cluster.

    Raises EngineError if the cluster cannot be reached. Work that is not done at the end of the block is ended.
    """
    folders = settings.tasks.domain_folders
    if settings.engine.kind == "ray":
        return ray_engine(settings.engine.address, this_place(folders), settings.logs / LOG)
    return _processes(processes, folders)


@contextmanager
def _processes(count: int, folders: Sequence[Path]) -> Iterator[Engine]:
    executor = ProcessPoolExecutor(count, get_context("spawn"), initializer=_begin, initargs=(folders,))
    try:
        yield Engine(executor, count)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _begin(folders: Sequence[Path]) -> None:
    from flows.domains.finding import use_folders

    follow_parent()
    use_folders(folders)
