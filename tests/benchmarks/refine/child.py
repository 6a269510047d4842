"""`python -m tests.benchmarks.refine.child WORK LAKE HOME LIMIT` does one piece of work once, in its own process.

It prints a line of JSON: wall and CPU seconds of the work, the process's peak memory, and the work's result.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from flows.refine.background_prepare import prepare
from flows.refine.decide import run_refine
from flows.refine.dedupe.anchor_shingles import add_anchor_shingles
from flows.refine.dedupe.dedupe import find_clusters, find_duplicate_pairs
from flows.refine.dedupe.sketch import Sketch, sketch_parts
from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.gates import make_answers
from flows.refine.gates.parameters import parameters_of
from flows.settings import Refine, Settings
from warehouse.connect import connect, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake

AGENT_TEXT = (
    "select bit_xor({hash}(concat_ws(' ', reasoning, content, tool_calls))) from turns where role = 'assistant'"
)
SAME_COLUMNS = (
    "select bit_xor(hash(trajectory_id, index, role, parse, tool, tool_call_id, finish_reason, kind, url)),"
    " bit_xor(hash(reasoning, content, tool_calls, observation)) from turns"
)


def scan(query: str, lake: Lake, home: Path, limit: str) -> str:
    with connect(lake, spill=home / "spill", memory_limit=limit) as con:
        return str(con.execute(query).fetchall()[0][0])


def duplicates(lake: Lake, home: Path, limit: str) -> str:
    """Read the agents' text and find all duplicates; returns the pairs of ids that share a cluster, as JSON."""
    with connect(lake, spill=home / "spill", memory_limit=limit) as con:
        make_candidates(con)
        add_anchor_shingles(con)
        texts = {name: text for name, text in sql_files("sketches").items() if name in ("10_written", "20_shingles")}
        columns = ("trajectory_id", "index", "role")
        sketch_parts(con, lake, Sketch(texts, {}, {}, home / "sketches" / "windows", columns), silent)
        make_answers(con)
        find_duplicate_pairs(con, parameters_of(Settings()))
        find_clusters(con)
        pairs = con.execute(
            "select one.trajectory_id, other.trajectory_id from clusters as one join clusters as other "
            "using (cluster_id) where one.trajectory_id < other.trajectory_id"
        ).fetchall()
    return json.dumps(pairs)


def whole(lake: Lake, home: Path, limit: str) -> str:
    """Decide on every trajectory with all gates, using the sketches that `home` holds."""
    return str(run_refine(settings_over(lake, home, limit), date(2026, 11, 20), silent))


def settings_over(lake: Lake, home: Path, limit: str) -> Settings:
    """Settings of a home whose lake is that lake without its decisions."""
    (home / "lake").mkdir(exist_ok=True)
    for record in lake.root.iterdir():
        if record.name != "decision" and not (home / "lake" / record.name).exists():
            (home / "lake" / record.name).symlink_to(record)
    return Settings(home=home, refine=Refine(memory_limit=limit))


def ahead(lake: Lake, home: Path, limit: str) -> str:
    """Prepare sketches and answers of single trajectories, as a rollout does meanwhile, with one thread."""
    prepare(settings_over(lake, home, limit), memory_limit=limit, threads=1)
    return ""


WORKS: dict[str, Callable[[Lake, Path, str], str]] = {
    "scan": partial(scan, AGENT_TEXT.format(hash="hash")),
    "md5_scan": partial(scan, AGENT_TEXT.format(hash="md5_number")),
    "read_all": partial(scan, SAME_COLUMNS),
    "duplicates": duplicates,
    "whole": whole,
    "ahead": ahead,
}


def main(work: str, lake: str, home: str, limit: str) -> None:
    """Do the work of that name over a lake, with DuckDB limited to so much memory, and print its measurements."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = WORKS[work](Lake(Path(lake)), Path(home), limit)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": wall, "cpu": cpu, "peak_mb": peak, "result": result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
