"""The office of one task while it is drawn: its words, its rows so far, and in the end the setup.

A scenario adds people, orders or documents and gets their ids. Row order, ids and words depend on the seed only.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flows.domains.general_agentic.office.draws import Draws
from flows.domains.general_agentic.office.words import names, words
from flows.environments.services.catalogue import ALL, OPERATIONS, TABLES
from flows.environments.services.setup import Cell, Numbering, Setup

SERVICES = [name for name in ALL if name != "user"]
FIRST_DAY, LAST_DAY = date(2024, 2, 1), date(2027, 11, 30)
REFUGE = 40
"""Numbers left free between the last row of a table and the first that an agent adds."""


class Office:
    """An initial state in the making."""

    def __init__(self, seed: int) -> None:
        self.draws = draws = Draws(seed)
        self.today = draws.workday(FIRST_DAY, LAST_DAY)
        self.company = f"{draws.word('company')} {draws.word('trade')}"
        self.domain = f"{self.company.lower().replace(' ', '-')}.example"
        self.outside = f"{draws.word('last').lower()}-mail.example"
        self.states = {state: draws.choice(shown) for state, shown in words()["states"].items()}
        self.fields = {name: draws.choice(shown) for name, shown in names()["fields"].items()}
        self.tools = {name: draws.choice((name, *one.names)) for name, one in OPERATIONS.items()}
        self.regions, self.departments = draws.words("region", 5), draws.words("department", 5)
        self.tiers = draws.choice(list(words()["tiers"].values()))
        self.rooms, self.titles = draws.words("room", 6), draws.words("title", 5)
        self.choices: dict[str, Sequence[str]] = self._choices()
        self.rows: dict[str, list[list[Cell]]] = {table: [] for table in TABLES}
        self.user: dict[str, str] = {}
        self.rules: dict[str, Any] = {"inside_mail": [self.domain, self.outside]}
        self.page_size, self.indented = draws.choice((8, 10, 12, 15)), draws.chance(0.3)
        self._numbers = {table: self._numbering(shown) for table, shown in names()["prefixes"].items()}
        self._used: dict[str, int] = dict.fromkeys(self._numbers, 0)
        self._names: set[str] = set()

    def _choices(self) -> dict[str, Sequence[str]]:
        orders = [self.states[one] for one in ("held", "released", "cancelled", "processing")]
        found: dict[str, Sequence[str]] = {one: self.draws.words(one, 4) for one in ("queue", "resolution", "kind")}
        decisions = [self.states["approved"], self.states["rejected"]]
        return found | {"region": self.regions, "room": self.rooms, "order_status": orders, "decision": decisions}

    def _numbering(self, shown: Sequence[str]) -> Numbering:
        return Numbering(self.draws.choice(shown), self.draws.randint(11, 89) * 100, self.draws.randint(1, 7))

    def new_id(self, table: str) -> str:
        """The next id of a table."""
        numbering, count = self._numbers[table], self._used[table]
        self._used[table] = count + 1
        return f"{numbering.prefix}{numbering.first + count * numbering.step}"

    def add(self, table: str, *cells: Cell) -> str:
        """Add a row; returns its first cell, its id."""
        self.rows[table].append(list(cells))
        return str(cells[0])

    def name(self) -> str:
        """A name of a person that no other person of the office has."""
        while (name := f"{self.draws.word('first')} {self.draws.word('last')}") in self._names:
            pass
        self._names.add(name)
        return name

    def day(self, back: int) -> str:
        """The day so many days before today, as YYYY-MM-DD."""
        return (self.today - timedelta(days=back)).isoformat()

    def state(self, state: str) -> str:
        """The word for a state."""
        return str(self.states[state])

    def label(self, name: str) -> str:
        """The name under which a column is shown, in quotes."""
        return f'"{self.fields.get(name, name)}"'

    def offer(self, **choices: Sequence[str]) -> None:
        """Set the values that calls may give."""
        self.choices |= choices

    def setup(self, needed: Sequence[str]) -> Setup:
        """The setup, with the services needed and a drawn number of others, in a drawn order."""
        others = [name for name in SERVICES if name not in needed]
        offered = [*needed, *self.draws.some(others, max(0, 6 - len(needed)), len(others))]
        self.draws.shuffle(offered)
        kept = {table for name in offered for table in ALL[name].tables} | {"people", "requests"}
        return Setup(
            f"{self.today.isoformat()}T09:00",
            offered,
            {table: self._shuffled(rows) for table, rows in self.rows.items() if table in kept},
            tools=self.tools,
            fields=self.fields,
            words=self.states,
            choices=self.choices,
            ids={table: list(self._next(table)) for table in self._numbers},
            page_size=self.page_size,
            indented=self.indented,
            user=self.user,
            rules=self.rules,
        )

    def _shuffled(self, rows: list[list[Cell]]) -> list[list[Cell]]:
        return self.draws.sample(rows, len(rows))

    def _next(self, table: str) -> Numbering:
        numbering = self._numbers[table]
        return numbering._replace(first=numbering.first + (self._used[table] + REFUGE) * numbering.step)
