"""Sketches turns while a rollout makes them, and asks the gates that look at one trajectory, so that refine need not.

A rollout waits for its teacher for hours; this costs one core two thousandths of a second a trajectory. It is done in
a process of its own, at low priority, and is never waited for: what it does not come to, refine does. A large lake from
elsewhere is prepared by as many processes or machines as there are, each its share.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path

from flows.refine.dedupe.part_cache import EMPTY, lacking_of
from flows.refine.dedupe.sketch import parts_of, sketch_lacking, sketch_of
from flows.refine.gates.cached_gates import alone_of, tell_lacking
from flows.refine.gates.candidates import share_candidates
from flows.refine.gates.gates import gates_of
from flows.refine.gates.parameters import bound
from flows.settings import Settings
from schemas import Turn, sha256_text
from warehouse.connect import connect
from warehouse.console.progress import Report, silent
from warehouse.lake import Lake

PAUSE_S = 30.0
"""Between two looks at the lake: a part of 64 long trajectories takes minutes to fill."""
MEMORY = "1GB"


@contextmanager
def working_ahead(settings: Settings, pause_s: float = PAUSE_S) -> Iterator[None]:
    """Work on what lands in the lake while the block runs; a part that is half read when it ends is left to refine."""
    process = get_context("spawn").Process(target=_keep_up, args=(settings, pause_s), daemon=True)
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
    report: Report = silent,
) -> tuple[int, int]:
    """Sketch the lake's parts of turns, and ask of their trajectories what can be asked of each alone.

    `share` is which of how many shares of the parts: each part belongs to one, by its name, however many there come
    to be. Whoever takes a share, in whatever order, leaves the same files. Returns how many parts were not prepared
    yet, and how many the share has.
    """
    lake = Lake(settings.lake)
    with connect(lake, spill=settings.state / "spill", memory_limit=memory_limit, threads=threads) as con:
        parameters = bound(con, settings)
        sketch = sketch_of(con, settings.state / "sketches", parameters)
        alone = alone_of(con, settings.state / "alone", gates_of(settings), sketch, parameters)
        parts = {file: part for file, part in parts_of(lake).items() if file == EMPTY or _in_share(file, share)}
        sketch_lacking(con, sketch, parts, report)
        if lacking := lacking_of(alone.folder, parts):
            share_candidates(con, "every_candidate")
            tell_lacking(con, alone, sketch, parts, report)
    return len(set(lacking) - {EMPTY}), len(parts.keys() - {EMPTY})


def _in_share(file: str, share: tuple[int, int]) -> bool:
    which, of = share
    return int(sha256_text(file)[:12], 16) % of == which - 1


def _keep_up(settings: Settings, pause_s: float) -> None:
    """Until the parent is gone. A failure ends it quietly: refine meets the same, and says what it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(10)
    parent = parent_process()
    seen: list[Path] = []
    with suppress(Exception):
        while parent and not wait([parent.sentinel], pause_s):
            landed = Lake(settings.lake).parts(Turn)
            if landed != seen:
                prepare(settings, memory_limit=MEMORY, threads=1)
            seen = landed
