"""The facts of all items again, derived by SQL from the finished rows alone: the second way to the truth.

A scenario draws facts and writes rows for them. If the rows give another fact, no task is made of them.
"""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from flows.domains.general_agentic.batch.work import Batch, Scenario
from schemas.named_statements import load_statements

STATEMENTS = load_statements("flows.domains.general_agentic.batch", "scenarios/sql/truth.sql")
COLUMNS = ("path", "rating", "topic", "amount", "minutes", "day")
NUMBERS = {"amount", "minutes"}


def facts_of_rows(scenario: Scenario, batch: Batch, con: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Id -> facts, for every item of a world's database."""
    if scenario.text is not None:
        _read_texts(*scenario.text, con)
    states = {name: batch.office.state(name) for name in ("approved", "pending")}
    cursor = con.execute(STATEMENTS[scenario.truth], {**states, **batch.values})
    names = [column[0] for column in cursor.description]
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in cursor}


def agrees(drawn: Mapping[str, Any], found: Mapping[str, Any] | None, names: set[str]) -> bool:
    """True if the named facts are the same; SQLite has 0 and 1 for flags."""
    return found is not None and all(drawn[name] == found[name] for name in names)


def _read_texts(table: str, pattern: str, con: sqlite3.Connection) -> None:
    con.execute(STATEMENTS["make_facts_in_text"])
    for where, text in con.execute(STATEMENTS[f"texts_of_{table}"]).fetchall():
        found = re.search(pattern, text)
        if found is not None:
            values = {name: int(one) if name in NUMBERS else one for name, one in found.groupdict().items()}
            con.execute(STATEMENTS["add_fact_in_text"], dict.fromkeys(COLUMNS) | {"path": where} | values)
