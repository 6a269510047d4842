"""Seeded random walks over the corpus's hyperlinks, drawn in DuckDB so that only sampled pages reach Python.

A walk is drawn from its end: the last page, which will hold the answer, is the next unused page in the
night's order; then it steps back over hyperlinks that lead there. So every page is as likely to be an
answer as any other, and popular pages do not attract every walk. The order comes from hashes of seed, day
and address: the same snapshot gives the same walks on every machine.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import duckdb

from flows.settings import Tasks
from warehouse.connect import sql_files

MOST_LINK_SHARE = 0.6
"""A page with more than this share of its letters in links is a list, not prose."""
MOST_CHARS = 40_000
"""Characters of a page that tasks are made from; the rest of a longer page is not read."""


@dataclass(frozen=True)
class Step:
    """One page of a walk. `names` are the words of its title that no task may give away."""

    doc_id: str
    url: str
    title: str
    names: tuple[str, ...]
    anchor: str | None
    """Words of the link to the next page; None on the last."""
    text: str


@dataclass(frozen=True)
class Walk:
    """Pages that follow each other by hyperlinks; the last one holds the answer."""

    number: int
    """Place in the night's order, from 1."""
    key: str
    """Seeds what is chosen at random about this walk: seed, day and the last page's address."""
    steps: tuple[Step, ...]

    @property
    def hops(self) -> int:
        """Hyperlinks walked."""
        return len(self.steps) - 1


class Walks:
    """All walks of one night over one snapshot, in the night's order."""

    def __init__(self, con: duckdb.DuckDBPyConnection, settings: Tasks, day: date) -> None:
        self._con, self._sql = con, sql_files("tasks")
        self._key = f"{settings.seed}/{day.isoformat()}/"
        bounds = {"min_hops": settings.min_hops, "max_hops": settings.max_hops}
        pages: dict[str, object] = {"min_page_chars": settings.min_page_chars, "most_link_share": MOST_LINK_SHARE}
        self._run = {"run_id": day.isoformat()}
        self._create("walk_nodes", "nodes", {**pages, **self._run})
        self._create("walk_edges", "edges", {})
        self._create("walk_ends", "ends", {"key": self._key, **bounds})
        self._max_hops = settings.max_hops
        self._common = {word for (word,) in con.execute(self._sql["common_title_words"]).fetchall()}
        self.total = _one(con.execute("select count(*) from walk_ends"))

    def draw(self, after: int, n: int) -> list[Walk]:
        """The n walks that follow the first `after` ones; some are shorter than they should be, where no link leads."""
        self._con.execute(
            "create or replace temp table walk_steps as "
            "select walk, 0 as back, node from walk_ends where walk > $after and walk <= $until",
            {"after": after, "until": after + n},
        )
        for back in range(1, self._max_hops + 1):
            step = f"insert into walk_steps {self._sql['step']}"
            self._con.execute(step, {"key": self._key, "back": back})
        rows = self._con.execute(self._sql["walks"], {"most_chars": MOST_CHARS}).fetchall()
        walked = ((number, tuple(self._steps(pages))) for number, pages in groupby(rows, key=lambda row: row[0]))
        return [Walk(number, f"{self._key}{steps[-1].url}", steps) for number, steps in walked]

    def tonight(self) -> set[str]:
        """Addresses of the pages that hold the answers of the tasks that this night has already."""
        return {url for (url,) in self._con.execute(self._sql["tonight"], self._run).fetchall()}

    def snapshot(self) -> datetime:
        """When the newest page of the snapshot was fetched: the moment from which the same tasks can be made."""
        found: datetime = _one(self._con.execute(self._sql["snapshot"]))
        return found

    def _create(self, name: str, query: str, values: dict[str, object]) -> None:
        self._con.execute(f"create or replace temp table {name} as {self._sql[query]}", values)

    def _steps(self, rows: Iterator[tuple[str, ...]]) -> Iterator[Step]:
        for _, doc_id, url, title, anchor, text in rows:
            shown = title or url
            yield Step(doc_id, url, shown, self._names(shown), anchor, text)

    def _names(self, title: str) -> tuple[str, ...]:
        words = re.findall(r"[^\W_]+", title.lower())
        return tuple(dict.fromkeys(word for word in words if word not in self._common)) or tuple(words)


def once(con: duckdb.DuckDBPyConnection, probes: set[str]) -> set[str]:
    """Those probes (normalised words) that stand exactly once in the whole corpus, in one pass over it."""
    if not probes:
        return set()
    sql = sql_files("tasks")
    con.execute("create or replace temp table probes as select unnest($probes) as probe", {"probes": sorted(probes)})
    con.execute(f"create or replace temp table probe_anchors as {sql['anchors']}")
    found = con.execute(sql["occurrences"]).fetchall()
    return {probe for probe, n in found if n == 1}


def _one(result: duckdb.DuckDBPyConnection) -> Any:
    row = result.fetchone()
    return row[0] if row else None
