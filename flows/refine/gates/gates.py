"""The gates: SQL files of `warehouse/sql/gates` that answer for every candidate with keep, a reason and a value.

Every gate answers for every trajectory and every answer is stored, so that a gate can be switched off and its effect
measured. A new file is a new gate.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb

from flows.settings import Settings, SettingsError
from warehouse.connect import create_temp_table, sql_files
from warehouse.console.progress import ProgressCallback
from warehouse.parallel_queries import Query, run_parallel

DUPLICATE_GATES = ("exact_duplicate", "near_duplicate")
"""Gates that compare trajectories. They run last, since the keeper depends on the answers of all other gates."""


class RefineError(Exception):
    """A gate file is invalid or its answers are; the message names the gate, the fault and the remedy."""


@dataclass(frozen=True)
class Gate:
    """One file of `warehouse/sql/gates`; `position` is its number, which orders the reasons of a decision."""

    name: str
    position: int
    text: str
    decides: bool


def load_gates(settings: Settings) -> list[Gate]:
    """Every gate, in order of position.

    Raises RefineError if two gates have the same name, SettingsError on an unknown gate in `refine.advisory_gates`.
    """
    named = [(int(number), name, text) for number, name, text in _numbered(sql_files("gates"))]
    if repeated := [name for name, files in Counter(name for _, name, _ in named).items() if files > 1]:
        raise RefineError(f"sql/gates: two files are called {repeated[0]}; rename one of them")
    unknown = set(settings.refine.advisory_gates) - {name for _, name, _ in named}
    if unknown:
        known = ", ".join(name for _, name, _ in named)
        raise SettingsError(f"refine.advisory_gates = {sorted(unknown)}: no such gate. There are: {known}")
    return [
        Gate(name, number, text, name not in settings.refine.advisory_gates) for number, name, text in sorted(named)
    ]


def make_answers(con: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table `answers`: one row per gate and trajectory."""
    con.execute(
        "create or replace table answers ("
        "gate varchar, position integer, decides boolean, trajectory_id varchar, "
        "keep boolean, reason varchar, value double)"
    )


def run_gates(
    con: duckdb.DuckDBPyConnection,
    gates: Sequence[Gate],
    parameters: Mapping[str, object],
    report: ProgressCallback,
    extra: Mapping[str, Query] | None = None,
) -> None:
    """Add to `answers` each gate's answer on every row of `candidates`; run the `extra` queries in parallel with them.

    Raises RefineError if a gate's SQL fails, or does not answer once per candidate.
    """
    queries = {gate.name: partial(_answer, gate=gate, parameters=parameters) for gate in gates}
    run_parallel(con, {**(extra or {}), **queries}, report)


def _answer(con: duckdb.DuckDBPyConnection, gate: Gate, parameters: Mapping[str, object]) -> None:
    try:
        create_temp_table(con, "answered", gate.text, parameters)
        con.execute(
            "insert into answers select $1, $2, $3, trajectory_id, keep, reason, value from answered",
            [gate.name, gate.position, gate.decides],
        )
    except (duckdb.OperationalError, duckdb.InterruptException):  # memory, disk and Ctrl-C are no faults of the SQL
        raise
    except (duckdb.DatabaseError, KeyError, ValueError) as error:
        raise RefineError(f"gate {gate.name}: {_cause(error)}; correct its SQL, then run refine again") from error
    counts = con.execute(
        "select count(*), count(distinct trajectory_id), (select count(*) from candidates) from answered "
        "where trajectory_id is not null and keep is not null and reason is not null"
    ).fetchall()[0]
    if len(set(counts)) > 1:
        raise RefineError(
            f"gate {gate.name} gave {counts[0]} answers on {counts[1]} of {counts[2]} trajectories; "
            "it must answer once on each: correct its SQL, then run refine again"
        )


def _cause(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no setting is called ${error.args[0]}"
    if isinstance(error, ValueError):
        return "it must be one statement"
    return " ".join(str(error).partition("\n\n")[0].split())


def _numbered(texts: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for stem, text in texts.items():
        match = re.fullmatch(r"(\d+)_(\w+)", stem)
        if not match:
            raise RefineError(f"sql/gates/{stem}.sql: name it <number>_<gate>.sql; the number gives its position")
        yield match[1], match[2], text
