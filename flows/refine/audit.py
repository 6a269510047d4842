"""Measures how far the verifiers can be trusted: a person checks a seeded sample, which gives their error rates.

The sample is stratified: it takes equally many trajectories from each combination of verdicts, so that rare failures
are in it. The file is blind: it does not hold the verdicts, which could bias the person. The results are stored in the
lake as `audit` rows; the mart `verifier_errors` and the release card read them.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

import duckdb
import pyarrow as pa
from rich.table import Table

from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.parameters import parameters_of
from flows.settings import Settings
from schemas import Audit, arrow_schema, content_id
from warehouse.connect import create_temp_table, execute, query
from warehouse.console.stats import mart_rows
from warehouse.console.terminal import cell, empty_table
from warehouse.lake import Lake, PartName

COLUMNS = ("trajectory_id", "question", "truth", "answer", "is_correct", "note")
LABELS = {"y": True, "yes": True, "true": True, "1": True, "n": False, "no": False, "false": False, "0": False}
MAX_CHARS = 4_000
"""Characters per cell at most; `factory show ID --full` prints the whole text."""


class AuditError(Exception):
    """A sample cannot be drawn or read; the message names the file, the line and the remedy."""


def draw_sample(con: duckdb.DuckDBPyConnection, settings: Settings, n: int, seed: int, path: Path) -> int:
    """Write a sample of at most n trajectories for a person to fill in; returns how many.

    Raises AuditError if the file exists or cannot be written, or every judged trajectory has been audited.
    """
    if path.exists():
        raise AuditError(f"{path} already exists and may be filled in: read it with --read, or name another --out")
    _strata(con, settings, seed)
    rows = execute(con, query("audit", "sample"), {"n": n, "seed": str(seed)}).fetchall()
    if not rows:
        raise AuditError("no verdicts are left to check: run `factory rollout` for more trajectories")
    try:
        _write(path, rows)
    except OSError as error:
        raise AuditError(f"{path} cannot be written ({error.strerror}): name another --out") from error
    return len(rows)


def read_labels(con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings, path: Path) -> tuple[int, int]:
    """Store the labels that a person filled in; returns how many rows were labelled and how many were left empty.

    Raises AuditError if the file lacks a column, or a row has an invalid label or an unknown id.
    """
    labels, still_open = _labels(path)
    if not labels:
        raise AuditError(f"{path}: no row is filled in; write yes or no in the column 'is_correct'")
    _strata(con, settings, 0)
    schema = pa.schema([("trajectory_id", pa.string()), ("is_correct", pa.bool_()), ("note", pa.string())])
    con.register("labels", pa.Table.from_pylist(labels, schema))
    unknown = execute(con, query("audit", "unknown_labels")).fetchall()
    if unknown:
        raise AuditError(
            f"{path}: no judged trajectory has the id {unknown[0][0]!r}; the ids must stay as they were drawn"
        )
    now = datetime.now(UTC)
    audit_id = content_id("audit", labels)
    stamp = {"audit_id": audit_id, "audited_at": now, "run_id": now.date().isoformat()}
    create_temp_table(con, "labelled_verdicts", query("audit", "labelled_verdicts"), stamp)
    rows = con.sql("from labelled_verdicts").to_arrow_table().cast(arrow_schema(Audit))
    lake.write_table(Audit, rows, PartName(now.date(), f"audit_{audit_id[:12]}", 0))
    return len(labels), still_open


def error_rates(con: duckdb.DuckDBPyConnection) -> Table:
    """A table of each verifier's error rate over all audits, with its 95 % interval (Wilson 1927)."""
    columns = ("verifier", "version", "checked", "false_passes", "false_failures", "error_rate", "low", "high")
    table = empty_table((name.replace("_", " ") for name in columns), "How often verifiers are wrong")
    for row in mart_rows(con, "verifier_errors"):
        table.add_row(*(cell(row[name]) for name in columns))
    return table


def default_file(day: date, seed: int) -> Path:
    """The default path of a sample."""
    return Path(f"audit-{day.isoformat()}-{seed}.csv")


def _strata(con: duckdb.DuckDBPyConnection, settings: Settings, seed: int) -> None:
    make_candidates(con)
    create_temp_table(con, "strata", query("audit", "strata"), parameters_of(settings) | {"seed": str(seed)})


def _write(path: Path, rows: list[tuple[str, ...]]) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        lines.writerows([id, *map(_harmless, texts), "", ""] for id, *texts in rows)
    temporary.replace(path)


def _labels(path: Path) -> tuple[list[dict[str, object]], int]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            filled = list(_filled(path, csv.DictReader(file, delimiter=_delimiter(file))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AuditError(f"{path} cannot be read as a CSV file in UTF-8: {error}") from error
    labels = [label for label in filled if label is not None]
    return labels, len(filled) - len(labels)


def _delimiter(file: TextIO) -> str:
    """The delimiter of the columns: in many countries spreadsheets save CSV files with `;`."""
    header = file.readline()
    file.seek(0)
    return max(",;\t", key=header.count)


def _filled(path: Path, lines: "csv.DictReader[str]") -> Iterator[dict[str, object] | None]:
    if missing := {"trajectory_id", "is_correct"} - set(lines.fieldnames or ()):
        raise AuditError(f"{path} has no column {', '.join(sorted(missing))}: keep the columns of the sample")
    seen = set()
    for line in lines:
        id, label = (line["trajectory_id"] or "").strip(), (line["is_correct"] or "").strip().casefold()
        if not label:
            yield None
            continue
        if label not in LABELS:
            raise AuditError(
                f"{path}, line {lines.line_num}: is_correct = {label!r}; write yes or no, or leave it empty"
            )
        if id in seen:
            raise AuditError(f"{path}, line {lines.line_num}: {id!r} occurs twice")
        seen.add(id)
        yield {"trajectory_id": id, "is_correct": LABELS[label], "note": (line.get("note") or "").strip() or None}


def _harmless(text: str | None) -> str:
    """The text without control characters, and with formulas escaped (OWASP, CSV injection)."""
    plain = "".join(c if c.isprintable() or c == "\n" else " " for c in (text or "")[:MAX_CHARS])
    return f"'{plain}" if plain.lstrip()[:1] in ("=", "+", "-", "@") else plain
