"""Reads the attempts that a judge has yet to judge, a few at a time: their texts are never all in memory.

Attempts come in the order of the parts that hold their turns, so that each part is read once or a few times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import duckdb

from schemas import Turn
from warehouse.connect import create_temp_table, execute, query
from warehouse.lake import Lake
from warehouse.takedown import create_withdrawn

BATCH = 16
"""Attempts whose turns one query reads; some 16 MB of text for attempts of 262,144 tokens."""

MOST = 2**62


@dataclass(frozen=True)
class Attempt:
    """A finished attempt as a judge reads it; `turns` are rows of the lake without their token columns."""

    trajectory_id: str
    task: str
    truth: str | None
    tools: str
    status: str
    answer: str | None
    turns: Sequence[dict[str, Any]]


def find_pending(con: duckdb.DuckDBPyConnection, lake: Lake, judge: dict[str, str], given_up: Sequence[str]) -> int:
    """Make the table `pending` of the attempts without a verdict of a judge; returns how many there are.

    `judge` holds verifier, version, model and prompt_sha256. Aborted and withdrawn attempts, and those in `given_up`,
    are left out.
    """
    create_withdrawn(con)
    parameters = judge | {"given_up": list(given_up), "turn_parts": lake.glob(Turn)}
    create_temp_table(con, "pending", query("judge", "pending"), parameters)
    return _count(con)


def find_unscanned(con: duckdb.DuckDBPyConnection, lake: Lake, scan: dict[str, object]) -> int:
    """Make the table `pending` of selected trajectories that a scan has no answer on; returns how many.

    `scan` holds verifier, version, model, prompt_sha256; selected and given_up (ids); and limit: the most, drawn as by
    lot, or None. Withdrawn trajectories are left out.
    """
    create_withdrawn(con)
    create_temp_table(con, "selected", "select unnest($selected::varchar[]) as trajectory_id", scan)
    parameters = scan | {"turn_parts": lake.glob(Turn), "limit": MOST if scan["limit"] is None else scan["limit"]}
    create_temp_table(con, "pending", query("judge", "scan_pending"), parameters)
    return _count(con)


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select count(*) from pending").fetchall()[0][0])


def pending_attempts(con: duckdb.DuckDBPyConnection, lake: Lake, count: int) -> Iterator[Attempt]:
    """The `count` attempts of the table `pending`, in its order."""
    for after in range(0, count, BATCH):
        rows = _rows(con, "pending_batch", {"after": after, "last": after + BATCH})
        parts = sorted({part for row in rows for part in row["parts"]})
        named = {
            "ids": [row["trajectory_id"] for row in rows],
            "parts": [*parts, str(lake.empty_part(Turn).absolute())],
        }
        turns = groupby(_rows(con, "pending_turns", named), key=lambda turn: turn["trajectory_id"])
        by_id = {attempt: list(own) for attempt, own in turns}
        for row in rows:
            del row["parts"]
            yield Attempt(**row, turns=by_id[row["trajectory_id"]])


def _rows(con: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    result = execute(con, query("judge", name), parameters)
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
