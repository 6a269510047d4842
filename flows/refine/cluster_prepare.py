"""Prepares refine on a Ray cluster: each worker sketches a share of the parts and caches answers of gates.

Reading the long text is most of a refine. The files are those of `factory refine prepare`, whoever makes them; refine
then finds them made. A share of a machine that is lost is prepared by another.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from flows.engine.open import opened_engine
from flows.refine.background_prepare import MEMORY, prepare_chosen
from flows.refine.dedupe.part_cache import EMPTY, batches_of
from flows.refine.dedupe.sketch import BATCH_BYTES
from flows.settings import Settings
from warehouse.console.progress import ProgressCallback

SHARE_BYTES = 4 * BATCH_BYTES
"""Bytes on disk of a share at most: to plan the SQL of all gates takes 2 CPU seconds a share, to read it some 40."""
FEWEST_PARTS = 8
"""Parts to prepare for which the cluster is used: fewer take less time here than the workers take to start."""


def prepare_on_cluster(settings: Settings, missing: Mapping[str, Path], report: ProgressCallback) -> int:
    """Prepare the parts that are missing on the cluster of `[engine]`, if it is one; returns how many were prepared.

    `missing` maps cache files to parts. The shares have nearly the same bytes, and each worker as many of them. Raises
    EngineError if the cluster cannot be reached, and WorkersLost if it ends meanwhile.
    """
    files = [file for file in missing if file != EMPTY]
    if settings.engine.kind != "ray" or len(files) < FEWEST_PARTS:
        return 0
    prepared = 0
    with opened_engine(settings) as engine:
        shares = batches_of(files, missing, SHARE_BYTES, engine.workers)
        for done in engine.spread(partial(_prepare_share, settings), shares):
            prepared += done
            report(prepared, len(files), f"parts read by {engine.workers} workers")
    return prepared


def _prepare_share(settings: Settings, share: Sequence[str]) -> int:
    return prepare_chosen(settings, frozenset(share).__contains__, MEMORY, threads=1)[0]
