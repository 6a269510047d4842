"""Carries what is kept by part of turns over to a merged part, so that a compaction makes nothing be read again.

A cache file holds its part's rows in the part's order, so the cache file of a merged part is the files of its parts,
one after another.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flows.refine.dedupe.part_cache import file_of, write_parts
from schemas.trajectory import Turn

CACHES = ("sketches", "gate_cache")
"""Folders of the state that hold one folder per version, with one file per part."""


def merge_caches(state: Path, record: str, parts: Sequence[Path], merged: Path) -> None:
    """Write the cache files of the part `merged` from those of `parts`, in each version that has all of them."""
    if record != Turn.record:
        return
    files = [file_of(part) for part in parts]
    for folder in (version for cache in CACHES for version in (state / cache).glob("*") if version.is_dir()):
        if all((folder / file).exists() for file in files):
            rows = pa.concat_tables([pq.read_table(folder / file) for file in files])
            write_parts(rows.append_column("part", pa.repeat(0, rows.num_rows)), [folder / file_of(merged)])
