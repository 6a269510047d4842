"""Makes labelled lakes in the user's cache, and measures work over them in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from schemas import Turn, arrow_schema, sha256_text
from sources.privacy.redaction import detector_version
from tests.doubles.lakes.labelled_lake import KINDS, TOOLS, LabelledLake, Shape
from warehouse.lake import Lake
from warehouse.parquet_encoding import ROW_GROUP_BYTES, ROW_GROUP_ROWS

FULL_ROWS = int(os.environ.get("FACTORY_BENCHMARK_ROWS", "10000"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "horizon-factory" / "benchmarks"


@dataclass(frozen=True)
class Run:
    """The measurements of a child: wall and CPU seconds of its work, the peak memory, and the work's result."""

    seconds: float
    cpu: float
    peak_mb: float
    result: str


def made_lake(shape: Shape) -> Path:
    """The root of the lake of that shape, which is made if the cache does not hold it."""
    version = sha256_text(
        f"{arrow_schema(Turn)} {detector_version()} {ROW_GROUP_ROWS} {ROW_GROUP_BYTES} {TOOLS} {KINDS}"
    )[:8]
    root = CACHE / "-".join(["labelled", *(str(value) for value in vars(shape).values()), version])
    if not root.exists():
        making = root.with_name(f"{root.name}.{os.getpid()}.tmp")
        shutil.rmtree(making, ignore_errors=True)
        LabelledLake(shape).write(Lake(making))
        making.replace(root)
    return root


def measured(work: str, lake: Path, memory_limit: str = "300MB") -> Run:
    """The measurements of one run of `tests.benchmarks.refine.child`, in an empty home."""
    return measured_all([work], lake, memory_limit)[0]


def measured_all(works: Sequence[str], lake: Path, memory_limit: str) -> list[Run]:
    """The measurements of runs of `tests.benchmarks.refine.child`, one after another in the same home."""
    runs = []
    with tempfile.TemporaryDirectory() as home:
        for work in works:
            command = [sys.executable, "-m", "tests.benchmarks.refine.child", work, str(lake), home, memory_limit]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs.append(Run(**json.loads(done.stdout.splitlines()[-1])))
    return runs


def middle(runs: list[Run]) -> float:
    """The median of the runs' wall seconds."""
    return median(run.seconds for run in runs)
