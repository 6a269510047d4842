"""Which parts a compaction merges, and its outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.compaction.groups import PART_BYTES, Writer


@dataclass
class Compacted:
    """The outcome of a compaction."""

    before: int = 0
    """Parts that were merged."""
    after: int = 0
    """Parts that they became."""
    left: list[str] = field(default_factory=list)
    """A sentence for each group of parts that could not be merged."""


KEEP_S = 3_600.0
"""Seconds for which a bucket keeps parts that were merged, for readers that listed them before."""
OnMerged = Callable[[str, Sequence[Path], Path], None]
"""Takes the record, its parts, and the file with their rows, which has its final name already."""


@dataclass(frozen=True)
class Choice:
    """The parts to merge."""

    before: str
    """Day (YYYY-MM-DD) before which nights are closed."""
    may_merge: Writer
    on_merged: OnMerged
    """Called for each merged part before readers see it in its place, to carry over what is kept by part."""
    part_bytes: int = PART_BYTES
    keep_s: float = KEEP_S
