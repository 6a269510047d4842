"""Sketches turns while a rollout makes them, and asks the gates that look at one trajectory, so that refine need not.

A rollout waits for its teacher for hours; this costs one core two thousandths of a second a trajectory. It is done in
a process of its own, at low priority, and is never waited for: what it does not come to, refine does.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path

from flows.refine.alone import alone_of, tell_lacking
from flows.refine.gates import gates_of
from flows.refine.kept_files import lacking_of
from flows.refine.parameters import bound
from flows.refine.sketch import parts_of, sketch_lacking, sketch_of
from flows.settings import Settings
from schemas import Turn
from warehouse.connect import connect, share_as, sql_files
from warehouse.lake import Lake
from warehouse.progress import silent

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


def work_landed(settings: Settings) -> None:
    """Sketch every part of turns that the lake has now, and ask of its trajectories what can be asked of each alone."""
    lake = Lake(settings.lake)
    with connect(lake, spill=settings.state / "spill", memory_limit=MEMORY, threads=1) as con:
        parameters = bound(con, settings)
        sketch = sketch_of(con, settings.state / "sketches", parameters)
        alone = alone_of(con, settings.state / "alone", gates_of(settings), sketch, parameters)
        parts = parts_of(lake)
        sketch_lacking(con, sketch, parts, silent)
        if lacking_of(alone.folder, parts):
            share_as(con, "every_candidate", sql_files("refine")["candidates"])
            tell_lacking(con, alone, sketch, list(parts), silent)


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
                work_landed(settings)
            seen = landed
