"""Decides on every trajectory of the lake: kept, or refused with the gates' reasons.

Every gate answers for every trajectory and every answer is kept, so that a filter can be switched off
and its effect seen. The rows of one refine land in one part, so that readers see all of them or none.
All set work is DuckDB's; nothing here loops over rows.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa

from flows.refine.benchmarks import Source, sources_of
from flows.refine.decontaminate import find_overlaps, record_overlaps
from flows.refine.dedupe import cluster, find_alike
from flows.refine.functions import add_functions
from flows.refine.sketch import sketch_of, sketch_parts
from flows.settings import Settings, SettingsError
from schemas import Decision, arrow_schema, content_id, sha256_text
from sources.blocklist import Blocklist
from sources.plausible import PERSONAL
from sources.redaction import kinds
from warehouse.connect import connect, keep_as, rebuild_warehouse, run, share_as, sql_files
from warehouse.lake import Lake, PartName
from warehouse.progress import Report
from warehouse.takedown import keep_withdrawn

DUPLICATES = ("exact_duplicate", "near_duplicate")
"""Gates that compare trajectories; they come last, when it is known which of several may be kept."""
ROWS_A_BATCH = 10_000


class RefineError(Exception):
    """A gate did not answer as a gate must; says which and how."""


@dataclass(frozen=True)
class Gate:
    """One file of `warehouse/sql/gates`; its number says where it stands among the reasons."""

    name: str
    position: int
    text: str
    decides: bool


def refine_night(settings: Settings, day: date, report: Report) -> dict[str, int | str]:
    """Decide on every trajectory that was not aborted; with the same gates, settings and inputs, write nothing.

    Returns counts of trajectories, kept and rejected ones, and the refine_id. Raises SettingsError when
    `refine.off` names no gate.
    """
    lake = Lake(settings.lake)
    spill = settings.state / "spill"
    with connect(lake, spill=spill, memory_limit=settings.refine.memory_limit) as con:
        refine_id, fresh = refine(con, lake, settings, day, report)
        counts = count_decisions(con)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    rebuild_warehouse(settings.warehouse, lake)
    report(counts["trajectories"], counts["trajectories"], f"{counts['kept']} kept" + ("" if fresh else ", as before"))
    return {**counts, "refine_id": refine_id}


def refine(
    con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings, day: date, report: Report
) -> tuple[str, bool]:
    """Decide on an open connection; returns the refine_id, and whether decisions were written."""
    gates, steps = gates_of(settings), sql_files("refine")
    benchmarks = sources_of(settings.refine.benchmarks)
    parameters = parameters_of(settings) | add_functions(con) | screening(settings, benchmarks)
    keep_as(con, "candidates", steps["candidates"])
    inputs = run(con, steps["inputs"]).fetchall()[0]
    files = {gate.name: sha256_text(gate.text) for gate in gates} | {n: sha256_text(t) for n, t in steps.items()}
    for folder in ("sketches", "closer", "decontaminate", "withdrawals"):
        files |= {f"{folder}/{name}": sha256_text(text) for name, text in sql_files(folder).items()}
    refine_id = content_id("refine", files, parameters, inputs)
    newest, decided_at = run(con, steps["newest"]).fetchall()[0]
    if not inputs[0] or newest == refine_id:
        return refine_id, False
    share_as(con, "truths", steps["truths"])
    keep_withdrawn(con)
    sketch_parts(con, lake, sketch_of(con, settings.state / "sketches", parameters), report)
    keep_as(con, "made_calls", steps["made_calls"])
    checked = find_overlaps(con, benchmarks, settings.state / "benchmarks", report)
    answer_gates(con, gates, parameters, report)
    keep_as(con, "signed", steps["signed"])
    now = datetime.now(UTC)
    after = max(now, decided_at + timedelta(microseconds=1)) if decided_at else now
    said = {"refine_id": refine_id, "decided_at": after, "run_id": day.isoformat()}
    part = _part(lake, day)
    record_overlaps(con, lake, checked, part, said)
    lake.write_batches(Decision, arrow_schema(Decision), _decisions(con, steps["decisions"], said), part)
    return refine_id, True


def parameters_of(settings: Settings) -> dict[str, object]:
    """What the SQL can bind of `[refine]`: lists as they are, tables as JSON, where the same is the same text."""
    told = settings.refine.model_dump(exclude={"memory_limit"}) | {"off": sorted(settings.refine.off)}
    return {key: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for key, value in told.items()}


def screening(settings: Settings, benchmarks: list[Source]) -> dict[str, object]:
    """What gates bind of other settings and of the benchmarks' files; raises SettingsError on an unknown kind."""
    if settings.refine.let_pass and (unknown := set(settings.refine.let_pass) - kinds()):
        known = ", ".join(sorted(PERSONAL)) + ", github_token, ..."
        raise SettingsError(f"refine.let_pass = {sorted(unknown)}: no such kind. There are: {known}")
    checked = [source.identity() for source in benchmarks]
    return {"blocked": Blocklist(settings.blocked).pattern, "benchmarks": checked, "decontaminating": bool(checked)}


def gates_of(settings: Settings) -> list[Gate]:
    """Every gate in order; raises RefineError on two of one name, SettingsError when `refine.off` names none."""
    named = [(int(number), name, text) for number, name, text in _numbered(sql_files("gates"))]
    if twice := [name for name, files in Counter(name for _, name, _ in named).items() if files > 1]:
        raise RefineError(f"sql/gates: two files are called {twice[0]}; give one of them another name")
    unknown = set(settings.refine.off) - {name for _, name, _ in named}
    if unknown:
        known = ", ".join(name for _, name, _ in named)
        raise SettingsError(f"refine.off = {sorted(unknown)}: no such gate. There are: {known}")
    return [Gate(name, number, text, name not in settings.refine.off) for number, name, text in sorted(named)]


def answer_gates(
    con: duckdb.DuckDBPyConnection, gates: list[Gate], parameters: dict[str, object], report: Report
) -> None:
    """Fill the table `answers` with what every gate says of every candidate."""
    con.execute(
        "create or replace temp table answers ("
        "gate varchar, position integer, decides boolean, trajectory_id varchar, "
        "keep boolean, reason varchar, value double)"
    )
    alone = [gate for gate in gates if gate.name not in DUPLICATES]
    for done, gate in enumerate(alone):
        report(done, len(gates), gate.name)
        _answer(con, gate, parameters)
    report(len(alone), len(gates), "duplicates")
    find_alike(con, parameters)
    cluster(con)
    for gate in gates:
        if gate.name in DUPLICATES:
            _answer(con, gate, parameters)


def count_decisions(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Counts of the newest decisions: trajectories, kept, rejected."""
    rows, kept = con.execute("select count(*), count(*) filter (kept) from decisions").fetchall()[0]
    return {"trajectories": rows, "kept": kept, "rejected": rows - kept}


def _answer(con: duckdb.DuckDBPyConnection, gate: Gate, parameters: dict[str, object]) -> None:
    try:
        keep_as(con, "answered", gate.text, parameters)
        con.execute(
            "insert into answers select $1, $2, $3, trajectory_id, keep, reason, value from answered",
            [gate.name, gate.position, gate.decides],
        )
    except (duckdb.OperationalError, duckdb.InterruptException):  # memory, disk and Ctrl-C: no SQL mends them
        raise
    except (duckdb.DatabaseError, KeyError, ValueError) as error:
        raise RefineError(f"gate {gate.name}: {_cause(error)}; mend its SQL, then run refine again") from error
    once = con.execute(
        "select count(*), count(distinct trajectory_id), (select count(*) from candidates) from answered "
        "where trajectory_id is not null and keep is not null and reason is not null"
    ).fetchall()[0]
    if len(set(once)) > 1:
        raise RefineError(
            f"gate {gate.name} gave {once[0]} answers on {once[1]} of {once[2]} trajectories; "
            "it must answer once on each: mend its SQL, then run refine again"
        )


def _cause(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no setting is called ${error.args[0]}"
    return "it must be one statement" if isinstance(error, ValueError) else str(error).partition("\n")[0]


def _decisions(con: duckdb.DuckDBPyConnection, text: str, said: dict[str, object]) -> Iterator[pa.RecordBatch]:
    keep_as(con, "decided", text, said)
    for batch in con.sql("select * from decided order by trajectory_id").to_arrow_reader(ROWS_A_BATCH):
        yield from pa.Table.from_batches([batch]).cast(arrow_schema(Decision)).to_batches()


def _numbered(texts: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for stem, text in texts.items():
        match = re.fullmatch(r"(\d+)_(\w+)", stem)
        if not match:
            raise RefineError(f"sql/gates/{stem}.sql: name it <number>_<gate>.sql, the number gives its place")
        yield match[1], match[2], text


def _part(lake: Lake, day: date) -> PartName:
    taken = {path.name for path in lake.parts(Decision, day)}
    seq = next(n for n in range(len(taken) + 1) if PartName(day, "refine", n).file not in taken)
    return PartName(day, "refine", seq)
