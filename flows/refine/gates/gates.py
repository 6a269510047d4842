"""The gates: files of `warehouse/sql/gates`, each of which answers for every candidate: keep, a reason, a value.

Every gate answers for every trajectory and every answer is kept, so that a filter can be switched off and its effect
seen.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb

from flows.settings import Settings, SettingsError
from warehouse.connect import keep_as, sql_files
from warehouse.console.progress import Report
from warehouse.parallel_queries import Query, side_by_side

DUPLICATES = ("exact_duplicate", "near_duplicate")
"""Gates that compare trajectories; they come last, when it is known which of several may be kept."""


class RefineError(Exception):
    """A gate did not answer as a gate must; says which and how."""


@dataclass(frozen=True)
class Gate:
    """One file of `warehouse/sql/gates`; its number says where it stands among the reasons."""

    name: str
    position: int
    text: str
    decides: bool


def gates_of(settings: Settings) -> list[Gate]:
    """Every gate in order.

    Raises RefineError on two gates of one name, SettingsError on an unknown gate in `refine.advisory_gates`.
    """
    named = [(int(number), name, text) for number, name, text in _numbered(sql_files("gates"))]
    if twice := [name for name, files in Counter(name for _, name, _ in named).items() if files > 1]:
        raise RefineError(f"sql/gates: two files are called {twice[0]}; give one of them another name")
    unknown = set(settings.refine.advisory_gates) - {name for _, name, _ in named}
    if unknown:
        known = ", ".join(name for _, name, _ in named)
        raise SettingsError(f"refine.advisory_gates = {sorted(unknown)}: no such gate. There are: {known}")
    return [
        Gate(name, number, text, name not in settings.refine.advisory_gates) for number, name, text in sorted(named)
    ]


def start_answers(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `answers`, of no rows."""
    con.execute(
        "create or replace table answers ("
        "gate varchar, position integer, decides boolean, trajectory_id varchar, "
        "keep boolean, reason varchar, value double)"
    )


def ask(
    con: duckdb.DuckDBPyConnection,
    gates: Sequence[Gate],
    parameters: Mapping[str, object],
    report: Report,
    beside: Mapping[str, Query] | None = None,
) -> None:
    """Add to `answers` what each gate says of every one of `candidates`; `beside` are queries to run with them.

    Raises RefineError on a gate whose SQL is at fault.
    """
    asked = {gate.name: partial(_answer, gate=gate, parameters=parameters) for gate in gates}
    side_by_side(con, {**(beside or {}), **asked}, report)


def _answer(con: duckdb.DuckDBPyConnection, gate: Gate, parameters: Mapping[str, object]) -> None:
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
    if isinstance(error, ValueError):
        return "it must be one statement"
    return " ".join(str(error).partition("\n\n")[0].split())


def _numbered(texts: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for stem, text in texts.items():
        match = re.fullmatch(r"(\d+)_(\w+)", stem)
        if not match:
            raise RefineError(f"sql/gates/{stem}.sql: name it <number>_<gate>.sql, the number gives its place")
        yield match[1], match[2], text
