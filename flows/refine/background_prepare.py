"""Prepares refine while a rollout runs: sketches new parts of turns and caches the answers of gates on them.

A rollout waits for its teacher for hours; this work takes about two thousandths of a CPU second per trajectory. It runs
in a child process at low priority, and nothing waits for it: refine does whatever is left. An imported lake can be
prepared by several processes or machines, each with its own share of the parts.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from socket import gethostname

from flows.refine.dedupe.part_cache import EMPTY, missing_files
from flows.refine.dedupe.sketch import open_sketch, parts_of, sketch_missing
from flows.refine.gates.cached_gates import answer_missing, open_cached_gates
from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.gates import load_gates
from flows.refine.gates.parameters import bind_parameters
from flows.settings import Settings
from schemas import Turn, sha256_text
from warehouse.connect import connect
from warehouse.console.progress import ProgressCallback, silent
from warehouse.lake import Lake

PAUSE_S = 30.0
"""Seconds between two looks at the lake: a part of 64 long trajectories takes minutes to fill."""
MEMORY = "1GB"


@contextmanager
def preparing_in_background(settings: Settings, pause_s: float = PAUSE_S) -> Iterator[None]:
    """Prepare new parts of the lake in a child process while the block runs.

    The child is terminated at the end of the block; refine prepares the parts that it had not finished.
    """
    process = get_context("spawn").Process(target=_prepare_repeatedly, args=(settings, pause_s), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def prepare(
    settings: Settings,
    *,
    share: tuple[int, int] = (1, 1),
    memory_limit: str | None = None,
    threads: int | None = None,
    report: ProgressCallback = silent,
) -> tuple[int, int]:
    """Sketch the lake's parts of turns and cache the answers of gates on their trajectories.

    `share` is (number, count): a part belongs to one of `count` shares by the hash of its name, so the shares stay
    the same as parts are added. The files do not depend on who prepares which share, or in which order.
    Returns how many parts were prepared now, and how many parts the share has.
    """
    number, count = share
    return prepare_chosen(settings, lambda file: share_of(file, count) == number, memory_limit, threads, report)


def prepare_chosen(
    settings: Settings,
    is_chosen: Callable[[str], bool],
    memory_limit: str | None = None,
    threads: int | None = None,
    report: ProgressCallback = silent,
) -> tuple[int, int]:
    """Prepare the parts whose cache file is chosen by its name; returns how many were prepared now, and are chosen."""
    lake, spill = Lake(settings.lake), settings.state / "spill" / gethostname()
    spill.mkdir(parents=True, exist_ok=True)
    with connect(lake, spill=spill, memory_limit=memory_limit, threads=threads) as con:
        parameters = bind_parameters(con, settings)
        sketch = open_sketch(con, settings.state / "sketches", parameters)
        cached = open_cached_gates(con, settings.state / "gate_cache", load_gates(settings), sketch, parameters)
        parts = {file: part for file, part in parts_of(lake).items() if file == EMPTY or is_chosen(file)}
        sketch_missing(con, sketch, parts, report)
        if missing := missing_files(cached.folder, parts):
            make_candidates(con, "all_candidates")
            answer_missing(con, cached, sketch, parts, report)
    return len(set(missing) - {EMPTY}), len(parts.keys() - {EMPTY})


def share_of(file: str, count: int) -> int:
    """The number of the share that a part belongs to, from 1 to `count`."""
    return int(sha256_text(file)[:12], 16) % count + 1


def _prepare_repeatedly(settings: Settings, pause_s: float) -> None:
    """Prepare until the parent process ends. Errors end it silently: refine raises the same error with a message."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    parent = parent_process()
    prepared: list[Path] = []
    with suppress(Exception):
        while parent and not wait([parent.sentinel], pause_s):
            landed = Lake(settings.lake).parts(Turn)
            if landed != prepared:
                prepare(settings, memory_limit=MEMORY, threads=1)
            prepared = landed
