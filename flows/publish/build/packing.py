"""Pack plans: which rows share a training window. A plan is an index of rows; rows are never concatenated or cut.

A trainer with linear-attention layers must reset their state between packed samples, so it needs every boundary
and whole rows. Best-fit decreasing puts each row, longest first, into the fullest window that still has space
(Ding et al. 2024, Fewer Truncations Improve Language Modeling).
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas import Shard, arrow_schema, sha256_file
from schemas.release import Pack
from schemas.shard import PackedRow

WINDOWS = (131_072, 262_144)
"""Sizes of a window in tokens: the training window, and the context window of the model."""
Ints = npt.NDArray[np.int64]


def write_packs(shards: Sequence[Shard], folder: Path) -> list[Pack]:
    """Write a plan per split and window to `folder`/packs, by the student's tokens if there is a student."""
    (folder / "packs").mkdir()
    return [
        _write([shard for shard in shards if shard.split == split], window, folder)
        for split in dict.fromkeys(shard.split for shard in shards)
        for window in WINDOWS
    ]


def _lengths(shards: Sequence[Shard], folder: Path) -> Ints:
    columns = ["n_student_tokens", "n_tokens"]
    tables = [pq.read_table(folder / shard.path, columns=columns, partitioning=None) for shard in shards]
    lengths: Ints = np.concatenate([pc.coalesce(*table.columns).to_numpy() for table in tables])
    return lengths


def best_fit(lengths: Sequence[int], window: int) -> list[list[int]]:
    """Bins of indexes into `lengths`; the lengths of a bin sum to at most `window` tokens.

    Lengths of 0 or over `window` are in no bin. Equal inputs give equal bins.
    """
    bins: list[list[int]] = []
    space: list[tuple[int, int]] = []
    """(free tokens, bin) of every bin, ascending."""
    for place in sorted(
        (n for n, length in enumerate(lengths) if 0 < length <= window), key=lambda n: (-lengths[n], n)
    ):
        length = lengths[place]
        at = bisect_left(space, (length, -1))
        free, chosen = space.pop(at) if at < len(space) else (window, len(bins))
        if chosen == len(bins):
            bins.append([])
        bins[chosen].append(place)
        insort(space, (free - length, chosen))
    return bins


def _write(shards: Sequence[Shard], window: int, folder: Path) -> Pack:
    split, lengths = shards[0].split, _lengths(shards, folder)
    bins = best_fit(lengths.tolist(), window)
    path = folder / "packs" / f"{split}-{window}.parquet"
    pq.write_table(_plan(bins, lengths, shards), path, compression="zstd")
    packed = int(sum(lengths[place] for members in bins for place in members))
    return Pack(
        path=f"packs/{path.name}",
        split=split,
        sha256=sha256_file(path),
        size=path.stat().st_size,
        window=window,
        bins=len(bins),
        fill=round(packed / (len(bins) * window), 6) if bins else 0.0,
        over_window=int(np.count_nonzero(lengths > window)),
    )


def _plan(bins: list[list[int]], lengths: Ints, shards: Sequence[Shard]) -> pa.Table:
    """The rows of the plan, bin by bin; then, without a bin, rows that fit no window or have no tokens."""
    order = np.fromiter((place for members in bins for place in members), np.int64)
    of_bin = np.repeat(np.arange(len(bins)), [len(members) for members in bins])
    ends = np.cumsum(lengths[order])
    first = np.searchsorted(of_bin, of_bin)
    offsets = ends - lengths[order] - (ends[first] - lengths[order][first])
    over = np.setdiff1d(np.arange(len(lengths)), order)
    places = np.concatenate([order, over])
    starts = np.cumsum([0, *(shard.rows for shard in shards)])
    of_shard = np.searchsorted(starts, places, side="right") - 1
    columns = {
        "bin": pa.array([*of_bin.tolist(), *[None] * len(over)]),
        "shard": pa.array([shard.path for shard in shards]).take(pa.array(of_shard)),
        "row": pa.array(places - starts[of_shard]),
        "offset": pa.array([*offsets.tolist(), *[None] * len(over)]),
        "length": pa.array(lengths[places]),
    }
    schema = arrow_schema(PackedRow)
    return pa.table({name: columns[name] for name in schema.names}).cast(schema)
