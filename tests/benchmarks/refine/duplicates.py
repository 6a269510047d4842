"""How many of the copies are found, how many of what is found are copies, and what that costs beside reading."""

import json
import os
import sys
from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import LONG, ROWS, made_lake, measured, middle
from tests.benchmarks.refine.minhash import minhash
from tests.doubles.lakes.labelled_lake import LabelledLake

REPEATS = 7
"""A scan takes less than a second: three of them say too little on a machine that others use, too."""
SAMPLE = 200
"""Trajectories that datatrove is timed on; its time grows with their number."""


def figures() -> Iterator[Figure]:
    lake = made_lake(LONG)
    rounds = [[measured(what, lake) for what in ("scan", "md5_scan", "duplicates")] for _ in range(REPEATS)]
    scans, md5_scans, ours = ([run[place] for run in rounds] for place in range(3))
    found = {(str(one), str(other)) for one, other in json.loads(ours[0].answer)}
    true = LabelledLake(LONG).pairs()
    against = f"{ROWS} trajectories of 45K tokens, {len(true)} copies"
    yield Figure("refine.near_recall", round(len(found & true) / len(true), 4), "share", against)
    yield Figure("refine.near_precision", round(len(found & true) / max(1, len(found)), 4), "share", against)
    yield Figure("refine.duplicates_s", round(middle(ours), 2), "s")
    scanned = "DuckDB reading the agent's text once"
    yield Figure("refine.dedupe_vs_scan", round(middle(ours) / middle(scans), 2), "ratio", f"{scanned}, hash()")
    yield Figure("refine.dedupe_vs_md5", round(middle(ours) / middle(md5_scans), 2), "ratio", f"{scanned}, MD5")
    cpu = sorted(run.cpu / one.cpu for run, one in zip(ours, scans, strict=True))[REPEATS // 2]
    yield Figure("refine.dedupe_vs_scan_cpu", round(cpu, 2), "ratio of CPU seconds", f"{scanned}, hash()")
    yield Figure("refine.peak_mb", round(max(run.peak_mb for run in ours)), "MB", "DuckDB limited to 300 MB")
    python = os.environ.get("FACTORY_BENCHMARK_DATATROVE", sys.executable)
    theirs = minhash(python, lake, SAMPLE)
    if theirs is None:
        yield Figure(
            "refine.dedupe_vs_datatrove",
            float("nan"),
            "ratio",
            "datatrove is not installed: pip install datatrove spacy tokenizers 'xxhash<4'",
        )
        return
    ratio = (ROWS / middle(ours)) / (SAMPLE / theirs)
    yield Figure(
        "refine.dedupe_vs_datatrove",
        round(ratio, 1),
        "ratio",
        f"datatrove's MinHash, 14 x 8, of {SAMPLE}, trajectories/s",
    )
