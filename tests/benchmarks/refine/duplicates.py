"""Measures near-duplicate search: recall, precision, and its cost against a scan of the same text and datatrove."""

import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import FULL_ROWS, made_lake, measured, middle
from tests.benchmarks.refine.minhash import MISSING, minhash
from tests.doubles.lakes.labelled_kinds import COPIES
from tests.doubles.lakes.labelled_lake import LabelledLake, Shape

FIGURES = (
    "refine.near_recall",
    *(f"refine.near_recall_{kind}" for kind in COPIES),
    "refine.near_precision",
    "refine.duplicates_s",
    "refine.dedupe_vs_scan",
    "refine.dedupe_vs_md5",
    "refine.dedupe_vs_scan_cpu",
    "refine.peak_mb",
    "refine.dedupe_vs_datatrove",
)


Pair = tuple[str, str]


@dataclass(frozen=True)
class Size:
    """Trajectories of 45K tokens, repeats (whose median counts), and trajectories that datatrove is timed on."""

    rows: int
    repeats: int
    sample: int


FULL, SMOKE = Size(FULL_ROWS, 7, 200), Size(64, 1, 8)
"""Seven repeats, since a scan takes less than a second and other processes disturb it; datatrove's time is linear."""


def figures(size: Size) -> Iterator[Figure]:
    """Recall and precision over the labelled pairs, the time and the memory of the search, and its ratios."""
    shape = Shape(size.rows)
    lake = made_lake(shape)
    rounds = [[measured(work, lake) for work in ("scan", "md5_scan", "duplicates")] for _ in range(size.repeats)]
    scans, md5_scans, ours = ([run[place] for run in rounds] for place in range(3))
    found = {(str(one), str(other)) for one, other in json.loads(ours[0].result)}
    kinds = LabelledLake(shape).kinds()
    true = set(kinds)
    against = f"{size.rows} trajectories of 45K tokens, {len(true)} copies"
    yield Figure("refine.near_recall", round(len(found & true) / len(true), 4), "share", against)
    yield from _recall_by_kind(kinds, found)
    yield Figure("refine.near_precision", round(len(found & true) / max(1, len(found)), 4), "share", against)
    yield Figure("refine.duplicates_s", round(middle(ours), 2), "s")
    scanned = "DuckDB reading the agent's text once"
    yield Figure("refine.dedupe_vs_scan", round(middle(ours) / middle(scans), 2), "ratio", f"{scanned}, hash()")
    yield Figure("refine.dedupe_vs_md5", round(middle(ours) / middle(md5_scans), 2), "ratio", f"{scanned}, MD5")
    cpu = sorted(run.cpu / one.cpu for run, one in zip(ours, scans, strict=True))[size.repeats // 2]
    yield Figure("refine.dedupe_vs_scan_cpu", round(cpu, 2), "ratio of CPU seconds", f"{scanned}, hash()")
    yield Figure("refine.peak_mb", round(max(run.peak_mb for run in ours)), "MB", "DuckDB limited to 300 MB")
    python = os.environ.get("FACTORY_BENCHMARK_DATATROVE", sys.executable)
    theirs = minhash(python, lake, size.sample)
    against = f"datatrove's MinHash, 14 x 8, of {size.sample}, trajectories/s" if theirs else MISSING
    ratio = round((size.rows / middle(ours)) / (size.sample / theirs), 1) if theirs else None
    yield Figure("refine.dedupe_vs_datatrove", ratio, "ratio", against)


def _recall_by_kind(kinds: Mapping[Pair, str], found: Collection[Pair]) -> Iterator[Figure]:
    """The share of each kind of copies that was found."""
    for kind in COPIES:
        pairs = [pair for pair, one in kinds.items() if one == kind]
        recall = round(sum(pair in found for pair in pairs) / len(pairs), 4) if pairs else None
        yield Figure(f"refine.near_recall_{kind}", recall, "share", f"{len(pairs)} copies")
