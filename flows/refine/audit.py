"""How far the verifiers can be trusted: a person checks a seeded sample, and their error rates follow.

The sample is drawn equally from every combination of verdicts, so that rare failures are seen, and the
file does not show what the verifiers said, so that it cannot sway the person. What comes back stands in
the lake as `audit` rows; the mart `verifier_errors` and the release card read them.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

import duckdb
import pyarrow as pa
from rich.table import Table

from flows.refine.gates.candidates import share_candidates
from flows.refine.gates.parameters import parameters_of
from flows.settings import Settings
from schemas import Audit, arrow_schema, content_id
from warehouse.connect import keep_as, run, sql_files
from warehouse.console.stats import frame
from warehouse.console.terminal import cell, empty_table
from warehouse.lake import Lake, PartName

COLUMNS = ("trajectory_id", "question", "truth", "answer", "is_correct", "note")
SAYS = {"y": True, "yes": True, "true": True, "1": True, "n": False, "no": False, "false": False, "0": False}
LONGEST = 4_000
"""Most characters of a cell; `factory show ID --full` has the rest."""


class AuditError(Exception):
    """An audit could not be drawn or read; says which line, and what to write there."""


def draw(con: duckdb.DuckDBPyConnection, settings: Settings, n: int, seed: int, path: Path) -> int:
    """Write a sample of at most n trajectories for a person to fill in; returns how many.

    Raises AuditError when the file is there already or cannot be written, or nothing is left to check.
    """
    if path.exists():
        raise AuditError(f"{path} is already there, perhaps filled in: read it with --read, or name another --out")
    _strata(con, settings, seed)
    rows = run(con, sql_files("audit")["sample"], {"n": n, "seed": str(seed)}).fetchall()
    if not rows:
        raise AuditError("there is no verdict left to check: `factory rollout` makes trajectories that verifiers judge")
    try:
        _write(path, rows)
    except OSError as error:
        raise AuditError(f"{path} cannot be written ({error.strerror}): name another --out") from error
    return len(rows)


def read(con: duckdb.DuckDBPyConnection, lake: Lake, settings: Settings, path: Path) -> tuple[int, int]:
    """Store what a person filled in; returns how many rows were filled in and how many were left open.

    Raises AuditError on a file without the columns, or a row that cannot be understood.
    """
    labels, still_open = _labels(path)
    if not labels:
        raise AuditError(f"{path}: no row is filled in; write yes or no in the column 'is_correct'")
    _strata(con, settings, 0)
    schema = pa.schema([("trajectory_id", pa.string()), ("is_correct", pa.bool_()), ("note", pa.string())])
    con.register("labels", pa.Table.from_pylist(labels, schema))
    unknown = run(con, sql_files("audit")["unknown"]).fetchall()
    if unknown:
        raise AuditError(
            f"{path}: nothing was judged under the id {unknown[0][0]!r}; the ids must stay as they were drawn"
        )
    now = datetime.now(UTC)
    audit_id = content_id("audit", labels)
    said = {"audit_id": audit_id, "audited_at": now, "run_id": now.date().isoformat()}
    keep_as(con, "checked", sql_files("audit")["checked"], said)
    rows = con.sql("from checked").to_arrow_table().cast(arrow_schema(Audit))
    lake.write_table(Audit, rows, PartName(now.date(), f"audit_{audit_id[:12]}", 0))
    return len(labels), still_open


def errors(con: duckdb.DuckDBPyConnection) -> Table:
    """Each verifier's error rate over all audits, with its 95 % interval."""
    columns = ("verifier", "version", "checked", "false_passes", "false_failures", "error_rate", "low", "high")
    table = empty_table((name.replace("_", " ") for name in columns), "How often verifiers are wrong")
    for row in frame(con, "verifier_errors").select(columns).iter_rows():
        table.add_row(*map(cell, row))
    return table


def default_file(day: date, seed: int) -> Path:
    """Where a sample goes unless told otherwise."""
    return Path(f"audit-{day.isoformat()}-{seed}.csv")


def _strata(con: duckdb.DuckDBPyConnection, settings: Settings, seed: int) -> None:
    share_candidates(con)
    keep_as(con, "strata", sql_files("audit")["strata"], parameters_of(settings) | {"seed": str(seed)})


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
    """What stands between columns: spreadsheets of many countries save a CSV file with `;`."""
    header = file.readline()
    file.seek(0)
    return max(",;\t", key=header.count)


def _filled(path: Path, lines: "csv.DictReader[str]") -> Iterator[dict[str, object] | None]:
    if missing := {"trajectory_id", "is_correct"} - set(lines.fieldnames or ()):
        raise AuditError(f"{path} has no column {', '.join(sorted(missing))}: it must keep the columns that were drawn")
    seen = set()
    for line in lines:
        id, said = (line["trajectory_id"] or "").strip(), (line["is_correct"] or "").strip().casefold()
        if not said:
            yield None
            continue
        if said not in SAYS:
            raise AuditError(
                f"{path}, line {lines.line_num}: is_correct = {said!r}; write yes or no, or leave it empty"
            )
        if id in seen:
            raise AuditError(f"{path}, line {lines.line_num}: {id!r} stands there twice")
        seen.add(id)
        yield {"trajectory_id": id, "is_correct": SAYS[said], "note": (line.get("note") or "").strip() or None}


def _harmless(text: str | None) -> str:
    """The text as a spreadsheet may hold it: no control characters, and no formula (OWASP, CSV injection)."""
    plain = "".join(c if c.isprintable() or c == "\n" else " " for c in (text or "")[:LONGEST])
    return f"'{plain}" if plain.lstrip()[:1] in ("=", "+", "-", "@") else plain
