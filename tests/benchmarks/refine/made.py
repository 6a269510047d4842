"""Labelled lakes in the user's cache, and runs over them in a process of their own, whose memory is measured."""

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
from tests.doubles.lakes.labelled_lake import TOOLS, LabelledLake, Shape
from warehouse.lake import ROW_GROUP_BYTES, ROW_GROUP_ROWS, Lake

ROWS = int(os.environ.get("FACTORY_BENCHMARK_ROWS", "10000"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "horizon-factory" / "benchmarks"
LONG = Shape(ROWS)
"""45K tokens a trajectory."""


@dataclass(frozen=True)
class Run:
    """What a child measured: wall and CPU seconds of the work alone, the process's peak memory, and an answer."""

    seconds: float
    cpu: float
    peak_mb: float
    answer: str


def made_lake(shape: Shape) -> Path:
    """The root of the lake of that shape, made when it is not there yet."""
    version = sha256_text(f"{arrow_schema(Turn)} {detector_version()} {ROW_GROUP_ROWS} {ROW_GROUP_BYTES} {TOOLS}")[:8]
    root = CACHE / "-".join(["labelled", *(str(value) for value in vars(shape).values()), version])
    if not root.exists():
        making = root.with_name(f"{root.name}.{os.getpid()}.tmp")
        shutil.rmtree(making, ignore_errors=True)
        LabelledLake(shape).write(Lake(making))
        making.replace(root)
    return root


def measured(what: str, lake: Path, memory_limit: str = "300MB") -> Run:
    """One run of `tests.benchmarks.refine.child`, with nothing kept from any run before."""
    return measured_all([what], lake, memory_limit)[0]


def measured_all(whats: Sequence[str], lake: Path, memory_limit: str) -> list[Run]:
    """Runs of `tests.benchmarks.refine.child`, each with what those before it left in their home."""
    runs = []
    with tempfile.TemporaryDirectory() as home:
        for what in whats:
            command = [sys.executable, "-m", "tests.benchmarks.refine.child", what, str(lake), home, memory_limit]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs.append(Run(**json.loads(done.stdout.splitlines()[-1])))
    return runs


def middle(runs: list[Run]) -> float:
    """The median of their seconds."""
    return median(run.seconds for run in runs)
