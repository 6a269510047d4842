"""Seeded random walks over the corpus's hyperlinks, drawn in DuckDB so that only sampled pages reach Python.

A walk is drawn from its end. The last page, which holds the answer, is the next unused page in the night's order; then
the walk steps back over hyperlinks that lead there. Every page is therefore equally likely to hold an answer, and
popular pages do not attract every walk. The order comes from hashes of seed, day and url: the same snapshot gives the
same walks on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sources.index.scripts import WORD

if TYPE_CHECKING:
    import duckdb

    from flows.settings import Tasks

MAX_LINK_SHARE = 0.6
"""A page with more than this share of its letters in links is a list, not prose."""
MAX_PAGE_CHARS = 40_000
"""Characters read of a page; the rest of a longer page is ignored."""


@dataclass(frozen=True)
class Step:
    """One page of a walk. `names` are the distinctive words of its title, which no task may reveal."""

    doc_id: str
    url: str
    title: str
    names: tuple[str, ...]
    anchor: str | None
    """Words of the link to the next page; None on the last."""
    text: str
    license: str | None = None
    """As its source declares it; None if unknown."""


@dataclass(frozen=True)
class Walk:
    """Pages that follow each other by hyperlinks; the last one holds the answer."""

    number: int
    """Place in the night's order, from 1."""
    key: str
    """Seed of every random choice about this walk: seed, day and the last page's url."""
    steps: tuple[Step, ...]

    @property
    def hops(self) -> int:
        """Number of hyperlinks walked."""
        return len(self.steps) - 1


class Walks:
    """All walks of one night over one snapshot, in the night's order."""

    def __init__(self, con: "duckdb.DuckDBPyConnection", settings: "Tasks", day: date) -> None:
        self._con, self._sql = con, _queries()
        self._key = f"{settings.seed}/{day.isoformat()}/"
        bounds = {"min_hops": settings.min_hops, "max_hops": settings.max_hops}
        pages: dict[str, object] = {"min_page_chars": settings.min_page_chars, "max_link_share": MAX_LINK_SHARE}
        self._run = {"run_id": day.isoformat()}
        self._create("walk_nodes", {**pages, **self._run})
        self._create("walk_edges", {})
        self._create("walk_ends", {"key": self._key, **bounds})
        self._max_hops = settings.max_hops
        self._common = {word for (word,) in con.execute(self._sql["common_title_words"]).fetchall()}
        self.total = _value(con.execute("select count(*) from walk_ends"))

    def draw(self, after: int, n: int) -> list[Walk]:
        """The n walks that follow the first `after` ones; a walk ends early at a page that no link leads to."""
        self._con.execute(
            "create or replace temp table walk_steps as "
            "select walk, 0 as back, node from walk_ends where walk > $after and walk <= $until",
            {"after": after, "until": after + n},
        )
        for back in range(1, self._max_hops + 1):
            one_back = f"insert into walk_steps {self._sql['walk_one_back']}"
            self._con.execute(one_back, {"key": self._key, "back": back})
        rows = self._con.execute(self._sql["walk_pages"], {"max_chars": MAX_PAGE_CHARS}).fetchall()
        walked = ((number, tuple(self._steps(pages))) for number, pages in groupby(rows, key=lambda row: row[0]))
        return [Walk(number, f"{self._key}{steps[-1].url}", steps) for number, steps in walked]

    def answer_pages(self) -> set[str]:
        """Urls of the pages that hold the answers of the tasks that an earlier run of this night composed."""
        return {url for _, url, _ in self._con.execute(self._sql["composed_tonight"], self._run).fetchall()}

    def newest_fetch(self) -> datetime:
        """The time when the newest page of the snapshot was fetched: from then on the same tasks can be made."""
        found: datetime = _value(self._con.execute(self._sql["newest_fetch"]))
        return found

    def _create(self, name: str, parameters: dict[str, object]) -> None:
        self._con.execute(f"create or replace temp table {name} as {self._sql[name]}", parameters)

    def _steps(self, rows: Iterator[tuple[str, ...]]) -> Iterator[Step]:
        for _, doc_id, url, title, anchor, text, license in rows:
            name = title or url
            yield Step(doc_id, url, name, self._names(name), anchor, text, license)

    def _names(self, title: str) -> tuple[str, ...]:
        words = WORD.findall(title.lower())
        return tuple(dict.fromkeys(word for word in words if word not in self._common)) or tuple(words)


def unique_probes(con: "duckdb.DuckDBPyConnection", probes: set[str]) -> set[str]:
    """The probes (normalised words) that occur exactly once in the whole corpus, found in one pass over it."""
    if not probes:
        return set()
    sql = _queries()
    con.execute("create or replace temp table probes as select unnest($probes) as probe", {"probes": sorted(probes)})
    con.execute(f"create or replace temp table probe_anchors as {sql['probe_anchors']}")
    return {probe for probe, n in con.execute(sql["probe_counts"]).fetchall() if n == 1}


def _queries() -> dict[str, str]:
    from warehouse.connect import sql_files  # imports DuckDB, which the tools' worker processes do not need

    return sql_files("tasks")


def _value(result: "duckdb.DuckDBPyConnection") -> Any:
    row = result.fetchone()
    return row[0] if row else None
