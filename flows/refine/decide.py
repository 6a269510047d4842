"""Decides on every trajectory of the lake: kept, or refused with the gates' reasons.

Every gate answers for every trajectory and every answer is kept, so that a filter can be switched off
and its effect seen. The rows of one refine land in one part, so that readers see all of them or none.
All set work is DuckDB's; nothing here loops over rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial

import duckdb
import pyarrow as pa

from flows.refine.decontaminate.benchmarks import sources_of
from flows.refine.decontaminate.decontaminate import find_overlaps, record_overlaps
from flows.refine.dedupe.dedupe import cluster, find_alike
from flows.refine.dedupe.sketch import sketch_of, sketch_parts
from flows.refine.gates.cached_gates import alone_of, take_all, tell_alone
from flows.refine.gates.candidates import share_candidates
from flows.refine.gates.gates import DUPLICATES, Gate, ask, gates_of
from flows.refine.gates.parameters import bound
from flows.settings import Settings
from schemas import Decision, arrow_schema, content_id, sha256_text
from warehouse.connect import connect, keep_as, rebuild_warehouse, run, sql_files
from warehouse.console.progress import Report
from warehouse.lake import Lake, PartName
from warehouse.takedown import keep_withdrawn

ROWS_A_BATCH = 10_000


def refine_night(settings: Settings, day: date, report: Report) -> dict[str, int | str]:
    """Decide on every trajectory that was not aborted; with the same gates, settings and inputs, write nothing.

    Returns counts of trajectories, kept and rejected ones, and the refine_id. Raises SettingsError when
    `refine.advisory_gates` names no gate.
    """
    lake = Lake(settings.lake)
    spill = settings.state / "spill"
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as beside:
        rebuilt = beside.submit(rebuild_warehouse, settings.warehouse, lake)
        with connect(lake, spill=spill, memory_limit=settings.refine.memory_limit) as con:
            refine_id, fresh = refine(con, lake, settings, day, report)
            counts = count_decisions(con)
        rebuilt.result()
    report(counts["trajectories"], counts["trajectories"], f"{counts['kept']} kept" + ("" if fresh else ", as before"))
    return {**counts, "refine_id": refine_id}


def refine(
    con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings, day: date, report: Report
) -> tuple[str, bool]:
    """Decide on an open connection; returns the refine_id, and whether decisions were written."""
    gates, steps = gates_of(settings), sql_files("refine")
    benchmarks = sources_of(settings.refine.benchmarks)
    parameters = bound(con, settings) | {"benchmarks": [source.identity() for source in benchmarks]}
    share_candidates(con, "every_candidate")
    take_all(con)
    inputs = run(con, steps["inputs"]).fetchall()[0]
    files = {gate.name: sha256_text(gate.text) for gate in gates} | {n: sha256_text(t) for n, t in steps.items()}
    for folder in ("sketches", "closer", "alone", "decontaminate", "withdrawals"):
        files |= {f"{folder}/{name}": sha256_text(text) for name, text in sql_files(folder).items()}
    refine_id = content_id("refine", files, parameters, inputs)
    newest, decided_at = run(con, steps["newest"]).fetchall()[0]
    if not inputs[0] or newest == refine_id:
        return refine_id, False
    keep_withdrawn(con)
    sketch = sketch_of(con, settings.state / "sketches", parameters)
    parts = sketch_parts(con, lake, sketch, report)
    alone = alone_of(con, settings.state / "alone", gates, sketch, parameters)
    tell_alone(con, alone, sketch, parts, report)
    checked = find_overlaps(con, benchmarks, settings.state / "benchmarks", report)
    compare(con, [gate for gate in gates if gate not in alone.gates], parameters, report)
    keep_as(con, "signed", steps["signed"])
    now = datetime.now(UTC)
    after = max(now, decided_at + timedelta(microseconds=1)) if decided_at else now
    said = {"refine_id": refine_id, "decided_at": after, "run_id": day.isoformat()}
    part = _part(lake, day)
    record_overlaps(con, lake, checked, part, said)
    lake.write_batches(Decision, arrow_schema(Decision), _decisions(con, steps["decisions"], said), part)
    return refine_id, True


def compare(
    con: duckdb.DuckDBPyConnection, gates: Sequence[Gate], parameters: Mapping[str, object], report: Report
) -> None:
    """Add to `answers` the answers of these gates; those that compare trajectories are asked last."""
    last = [gate for gate in gates if gate.name in DUPLICATES]
    others = [gate for gate in gates if gate not in last]
    ask(con, others, parameters, report, {"duplicates": partial(find_alike, parameters=parameters)})
    cluster(con)
    ask(con, last, parameters, report)


def count_decisions(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Counts of the newest decisions: trajectories, kept, rejected."""
    rows, kept = con.execute("select count(*), count(*) filter (kept) from decisions").fetchall()[0]
    return {"trajectories": rows, "kept": kept, "rejected": rows - kept}


def _decisions(con: duckdb.DuckDBPyConnection, text: str, said: dict[str, object]) -> Iterator[pa.RecordBatch]:
    keep_as(con, "decided", text, said)
    for batch in con.sql("select * from decided order by trajectory_id").to_arrow_reader(ROWS_A_BATCH):
        yield from pa.Table.from_batches([batch]).cast(arrow_schema(Decision)).to_batches()


def _part(lake: Lake, day: date) -> PartName:
    taken = {path.name for path in lake.parts(Decision, day)}
    seq = next(n for n in range(len(taken) + 1) if PartName(day, "refine", n).file not in taken)
    return PartName(day, "refine", seq)
