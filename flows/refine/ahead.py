"""Sketches turns while a rollout makes them, so that refine need not read them again when the night is over.

A rollout waits for its teacher for hours; reading what has landed costs one core a thousandth of a second a trajectory.
It is done in a process of its own, at low priority, and is never waited for: what it does not come to, refine does.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path

from flows.refine.functions import add_functions
from flows.refine.sketch import lacking_of, parts_of, sketch_lacking, sketch_of
from flows.settings import Settings
from schemas import Turn
from warehouse.connect import connect, share_as, sql_files
from warehouse.lake import Lake
from warehouse.progress import silent

PAUSE_S = 30.0
"""Between two looks at the lake: a part of 64 long trajectories takes minutes to fill."""
MEMORY = "1GB"


@contextmanager
def sketching_ahead(settings: Settings, pause_s: float = PAUSE_S) -> Iterator[None]:
    """Sketch what lands in the lake while the block runs; a part that is half read when it ends is left to refine."""
    process = get_context("spawn").Process(target=_keep_up, args=(settings, pause_s), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def sketch_landed(settings: Settings) -> None:
    """Sketch every part of turns that the lake has now and that is not yet sketched."""
    lake = Lake(settings.lake)
    with connect(lake, spill=settings.state / "spill", memory_limit=MEMORY, threads=1) as con:
        parameters = add_functions(con) | {"decontaminating": bool(settings.refine.benchmarks)}
        sketch = sketch_of(con, settings.state / "sketches", parameters)
        parts = parts_of(lake)
        if lacking_of(sketch, parts):
            share_as(con, "truths", sql_files("refine")["truths"])
            sketch_lacking(con, sketch, parts, silent)


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
                sketch_landed(settings)
            seen = landed
