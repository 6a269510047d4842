"""Prepares refine on a Ray cluster: each worker sketches a share of the parts and caches answers of gates.

Reading the long text is most of a refine. The shares are those of `factory refine prepare --share`, and the files are
the same, whoever makes them; refine then finds them made. A share of a machine that is lost is prepared by another.
"""

from collections import Counter
from collections.abc import Collection
from functools import partial

from flows.engine.open import opened_engine
from flows.refine.background_prepare import MEMORY, prepare, share_of
from flows.refine.dedupe.part_cache import EMPTY
from flows.settings import Settings
from warehouse.console.progress import ProgressCallback

SHARES = 4
"""Shares for each worker: the last of them to end leaves the others idle for a short time only."""
FEWEST_PARTS = 8
"""Parts to prepare for which the cluster is used: fewer take less time here than the workers take to start."""


def prepare_on_cluster(settings: Settings, missing: Collection[str], report: ProgressCallback) -> int:
    """Prepare the parts that are missing on the cluster of `[engine]`, if it is one; returns how many were prepared.

    Raises EngineError if the cluster cannot be reached, and WorkersLost if it ends meanwhile.
    """
    parts = set(missing) - {EMPTY}
    if settings.engine.kind != "ray" or len(parts) < FEWEST_PARTS:
        return 0
    prepared = 0
    with opened_engine(settings) as engine:
        count = min(SHARES * engine.workers, len(parts))
        sizes = Counter(share_of(file, count) for file in parts)
        shares = [(number, count) for number, _ in sizes.most_common()]  # the largest first: none is left at the end
        for done in engine.spread(partial(_prepare_share, settings), shares):
            prepared += done
            report(prepared, len(parts), f"parts read by {engine.workers} workers")
    return prepared


def _prepare_share(settings: Settings, share: tuple[int, int]) -> int:
    return prepare(settings, share=share, memory_limit=MEMORY, threads=1)[0]
