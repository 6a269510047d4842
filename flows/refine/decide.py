"""Decides on every trajectory of the lake: kept, or rejected with the gates' reasons.

Every gate answers for every trajectory and every answer is stored, so that a gate can be switched off and its effect
measured. The decisions of one refine are written as one part, so that a reader sees all of them or none.
DuckDB does all set work; nothing here loops over rows.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial

import duckdb
import pyarrow as pa

from flows.refine.caches import CACHE_ERRORS, remove_damaged_caches
from flows.refine.cluster_prepare import prepare_on_cluster
from flows.refine.decontaminate.benchmarks import sources_of
from flows.refine.decontaminate.decontaminate import find_overlaps, record_overlaps
from flows.refine.dedupe.dedupe import find_clusters, find_duplicate_pairs
from flows.refine.dedupe.part_cache import missing_files
from flows.refine.dedupe.sketch import open_sketch, parts_of, sketch_parts
from flows.refine.gates.cached_gates import (
    answer_cached_gates,
    make_gate_tables,
    open_cached_gates,
    select_all_candidates,
)
from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.gates import DUPLICATE_GATES, Gate, load_gates, run_gates
from flows.refine.gates.parameters import bind_parameters
from flows.settings import Settings
from schemas import Decision, arrow_schema, content_id, sha256_text
from warehouse.connect import connect, create_temp_table, execute, rebuild_warehouse, sql_files
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake
from warehouse.takedown import create_withdrawn

WORKER = "refine"
LOG = logging.getLogger(__name__)
ROWS_PER_BATCH = 10_000
SQL_FOLDERS = ("decide", "dedupe", "gates", "gate_cache", "sketches", "second_pass", "decontaminate", "withdrawals")
"""Folders of `warehouse/sql` on which the decisions depend; a change in any of them decides anew."""


def run_refine(settings: Settings, day: date, report: ProgressCallback) -> dict[str, int | str]:
    """Decide on every trajectory that was not aborted; with the same gates, settings and inputs, write nothing.

    Returns counts of trajectories, kept and rejected ones, and the refine_id. Raises SettingsError when
    `refine.advisory_gates` names no gate.
    """
    lake = Lake(settings.lake)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as background:
        rebuilt = background.submit(rebuild_warehouse, settings.warehouse, lake)
        try:
            refine_id, fresh, counts = _refined(settings, lake, day, report)
        except CACHE_ERRORS as error:
            if not (removed := remove_damaged_caches(settings.state)):
                raise
            LOG.warning("%d damaged cache files are made again: %s (%s)", len(removed), removed[0], error)
            refine_id, fresh, counts = _refined(settings, lake, day, report)
        rebuilt.result()
    unchanged = "" if fresh else ", unchanged"
    report(counts["trajectories"], counts["trajectories"], f"{counts['kept']} kept{unchanged}")
    return {**counts, "refine_id": refine_id}


def _refined(settings: Settings, lake: Lake, day: date, report: ProgressCallback) -> tuple[str, bool, dict[str, int]]:
    """The refine_id, True if decisions were written, and the counts of the newest decisions."""
    spill, limit = settings.state / "spill", settings.refine.memory_limit
    with connect(lake, spill=spill, memory_limit=limit) as con:
        return *refine(con, lake, settings, day, report), count_decisions(con)


def refine(
    con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings, day: date, report: ProgressCallback
) -> tuple[str, bool]:
    """Decide on an open connection; returns the refine_id, and True if decisions were written."""
    gates, steps = load_gates(settings), sql_files("decide")
    benchmarks = sources_of(settings.refine.benchmarks)
    parameters = bind_parameters(con, settings) | {"benchmarks": [source.identity() for source in benchmarks]}
    make_candidates(con, "all_candidates")
    select_all_candidates(con)
    inputs = execute(con, steps["input_fingerprint"]).fetchall()[0]
    refine_id = content_id("refine", _sql_hashes(), parameters, inputs)
    newest, decided_at = execute(con, steps["newest_refine"]).fetchall()[0]
    if not inputs[0] or newest == refine_id:
        return refine_id, False
    create_withdrawn(con)
    sketch = open_sketch(con, settings.state / "sketches", parameters)
    cached = open_cached_gates(con, settings.state / "gate_cache", gates, sketch, parameters)
    landed = parts_of(lake)
    prepare_on_cluster(settings, {file: landed[file] for file in missing_files(cached.folder, landed)}, report)
    parts = sketch_parts(con, lake, sketch, report)
    answer_cached_gates(con, cached, sketch, parts, report)
    checked = find_overlaps(con, benchmarks, settings.state / "benchmarks", report)
    others = [gate for gate in gates if gate not in cached.gates]
    make_gate_tables(con, others, parts)
    answer_other_gates(con, others, parameters, report)
    create_temp_table(con, "shortcut_signatures", steps["shortcut_signatures"])
    now = datetime.now(UTC)
    after = max(now, decided_at + timedelta(microseconds=1)) if decided_at else now
    stamp = {"refine_id": refine_id, "decided_at": after, "run_id": day.isoformat()}
    part = lake.next_part(day, WORKER, Decision)
    record_overlaps(con, lake, checked, part, stamp)
    lake.write_batches(Decision, arrow_schema(Decision), _decisions(con, steps["new_decisions"], stamp), part)
    return refine_id, True


def answer_other_gates(
    con: duckdb.DuckDBPyConnection, gates: Sequence[Gate], parameters: Mapping[str, object], report: ProgressCallback
) -> None:
    """Add to `answers` the answers of gates that are not cached; gates on duplicates come last.

    The keeper of a cluster depends on the answers of all other gates.
    """
    last = [gate for gate in gates if gate.name in DUPLICATE_GATES]
    others = [gate for gate in gates if gate not in last]
    run_gates(con, others, parameters, report, {"duplicates": partial(find_duplicate_pairs, parameters=parameters)})
    find_clusters(con)
    run_gates(con, last, parameters, report)


def count_decisions(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Counts of the newest decisions: trajectories, kept, rejected."""
    rows, kept = con.execute("select count(*), count(*) filter (kept) from decisions").fetchall()[0]
    return {"trajectories": rows, "kept": kept, "rejected": rows - kept}


def _sql_hashes() -> dict[str, str]:
    """The hash of each SQL file that decides, by folder and name."""
    texts = {f"{folder}/{name}": text for folder in SQL_FOLDERS for name, text in sql_files(folder).items()}
    return {name: sha256_text(text) for name, text in texts.items()}


def _decisions(con: duckdb.DuckDBPyConnection, text: str, stamp: dict[str, object]) -> Iterator[pa.RecordBatch]:
    create_temp_table(con, "new_decisions", text, stamp)
    for batch in con.sql("select * from new_decisions order by trajectory_id").to_arrow_reader(ROWS_PER_BATCH):
        yield from pa.Table.from_batches([batch]).cast(arrow_schema(Decision)).to_batches()
