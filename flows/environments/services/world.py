"""The database of one attempt's office world, with its clock, its ids and its digest.

Nothing in it depends on the wall clock, on chance or on another attempt: the same setup and the same calls give the
same rows. That is why a world can be restored by making its calls again.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flows.environments.services.operation import Refusal, Row
from flows.environments.services.setup import Numbering, Setup
from schemas.named_statements import load_statements

STATEMENTS = load_statements("flows.environments.services", "world.sql")
TIME = "%Y-%m-%dT%H:%M"


class World:
    """One in-memory database. Calls must come one at a time."""

    def __init__(self, setup: Setup, schemas: Sequence[str], tables: Sequence[str], image: bytes | None = None) -> None:
        """`schemas` are scripts that create at least the `tables`, which make up the state; an image replaces both."""
        self.setup, self.tables = setup, tables
        self.n_writes = 0
        self.written: set[str] = set()
        """Tables that operations have written to."""
        self.breaches: list[str] = []
        self._created: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        """Table -> its rows as a part of the digest, until it is written to."""
        self.con = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None, cached_statements=256)
        if image is None:
            self._fill(schemas)
        else:
            self.con.deserialize(image)

    def _fill(self, schemas: Sequence[str]) -> None:
        self.con.deserialize(_empty("".join(schemas)))
        self.con.execute("begin")
        for table, rows in self.setup.rows.items():
            if rows:
                marks = ",".join("?" * len(rows[0]))
                self.con.executemany(STATEMENTS["insert"].format(table=table, marks=marks), rows)
        self.con.execute("commit")

    def image(self) -> bytes:
        """The database as bytes."""
        return self.con.serialize()

    def rows(self, statement: str, **values: object) -> list[Row]:
        """The rows of a select, as dicts."""
        cursor = self.con.execute(statement, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def one(self, statement: str, missing: str, **values: object) -> Row:
        """The first row of a select. Raises Refusal with the text `missing` if there is none."""
        for row in self.rows(statement, **values):
            return row
        raise Refusal(missing, "empty")

    def page(self, statement: str, page: int, **values: object) -> Row:
        """One page of the rows of a select. Raises Refusal beyond the last page."""
        found, size = self.rows(statement, **values), self.setup.page_size
        pages = max(1, -(-len(found) // size))
        if page > pages:
            raise Refusal(f"There is no page {page}; the last page is {pages}.", "empty")
        return {"found": len(found), "page": page, "pages": pages, "items": found[(page - 1) * size : page * size]}

    def write(self, statement: str, **values: object) -> None:
        """Insert, update or delete."""
        self.con.execute(statement, values)

    def word(self, state: str) -> str:
        """The word for a state in this world."""
        return self.setup.words.get(state, state)

    def now(self) -> str:
        """The time of the world's clock, to the minute."""
        start = datetime.fromisoformat(self.setup.now)
        return (start + timedelta(minutes=self.n_writes)).strftime(TIME)

    def new_id(self, table: str) -> str:
        """The id of the next new row of a table."""
        numbering = Numbering(*self.setup.ids.get(table, (f"{table[:2].upper()}-", 9001, 1)))
        count = self._created.get(table, 0)
        self._created[table] = count + 1
        return f"{numbering.prefix}{numbering.first + count * numbering.step}"

    def created(self) -> Mapping[str, int]:
        """Number of ids given out, by table."""
        return dict(self._created)

    def roll_back(self, created: Mapping[str, int]) -> None:
        """Undo an operation that was begun, the ids that it took included."""
        self.con.execute("rollback")
        self._created = dict(created)

    def table(self, table: str) -> list[tuple[Any, ...]]:
        """All rows of a table, in the order of its key."""
        return self.con.execute(STATEMENTS["all_rows"].format(table=table)).fetchall()

    def columns(self, table: str) -> list[str]:
        """Names of the columns of a table."""
        return [name for (name,) in self.con.execute(STATEMENTS["columns"].format(table=table))]

    def wrote(self, tables: Sequence[str], breaches: Sequence[str]) -> None:
        """Note that an operation was carried out: the clock advances."""
        self.n_writes += 1
        self.written.update(tables)
        self.breaches += breaches
        for table in tables:
            self._texts.pop(table, None)

    def digest(self) -> str:
        """Hash of all tables, the clock, the ids given out and the breaches; reads only tables written since."""
        for table in self.tables:
            if table not in self._texts:
                self._texts[table] = repr((table, self.table(table)))
        state = ", ".join(self._texts[table] for table in self.tables)
        rest = f"{self.n_writes}, {sorted(self._created.items())}, {self.breaches}"
        return hashlib.sha256(f"([{state}], {rest})".encode()).hexdigest()


@cache
def _empty(script: str) -> bytes:
    """The image of a database with these tables and no rows: to copy it takes a fortieth of the script's time."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as con:
        con.executescript(f"begin; {script} commit;")
        return con.serialize()
