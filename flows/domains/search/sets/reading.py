"""Reads the graph of a night's pages from the lake: one query for each kind of fact, in a fixed order.

Set work is SQL (`warehouse/sql/graph`); Python joins the few rows that it leaves.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.domains.contract import Corpus
from flows.domains.search.sets.graph import Attribute, Cell, Graph, Listed, Page, Table
from flows.domains.search.sets.naming import folded, meanings, meant, short_titles
from flows.domains.search.sets.recount import links_under
from flows.domains.search.sets.twins import Asked, asked_of

if TYPE_CHECKING:
    import duckdb

MEMBERS = range(5, 81)
"""Pages of a list that can be a set."""
LEAST_PAGES = 8
"""Pages that have an attribute, at least."""
MOST_PHRASES = 12
WORD_PAGES, WORD_SHARE, MOST_WORD_PAGES = 4, 0.15, 200
"""Pages that a word is on if, with others, it may describe one of them: at least, as a share of all, at most."""
RARE_PAGES = 2
LEAST_ROWS = 5
"""Rows of a table that tasks are made of."""


def read_graph(corpus: Corpus) -> Graph | None:
    """The graph of the night's pages; None without pages whose facts were read."""
    con = corpus.con
    found = [Page(*row) for row in _rows(con, "graph_pages", min_page_chars=corpus.settings.min_page_chars)]
    if not found:
        return None
    short = short_titles({page.url: page.title for page in found})
    pages = {page.doc_id: replace(page, name=short[page.url]) for page in found}
    named = meanings((name, key) for key, page in pages.items() for name in _names(page))
    most = max(WORD_PAGES, min(MOST_WORD_PAGES, int(WORD_SHARE * len(pages))))
    words = _rows(con, "graph_words", least=WORD_PAGES, most=most)
    return Graph(
        pages=pages,
        named=named,
        lists=tuple(_lists(con, pages, named)),
        attributes=tuple(_attributes(con, pages)),
        tables=tuple(_tables(con, pages)),
        words={word: ids for word, doc_ids in words if not (ids := frozenset(doc_ids)).isdisjoint(pages)},
        rare=frozenset(word for (word,) in _rows(con, "graph_rare_words", few=RARE_PAGES)),
    )


def read_asked(corpus: Corpus, composers: Sequence[str]) -> dict[str, list[Asked]]:
    """Composer -> its questions that became tasks in this night."""
    found: dict[str, list[Asked]] = {}
    values = {"composers": list(composers), "run_id": corpus.day.isoformat()}
    for composer, evidence, instruction in _rows(corpus.con, "graph_asked", **values):
        found.setdefault(composer, []).append(asked_of(evidence, instruction))
    return found


def _names(page: Page) -> list[str]:
    return [page.url, page.name, page.title]


def _lists(con: "duckdb.DuckDBPyConnection", pages: dict[str, Page], named: dict[str, str]) -> Iterator[Listed]:
    rows = ((pages[row[0]], *row[1:]) for row in _rows(con, "graph_lists") if row[0] in pages)
    for (_, heading), items in groupby(sorted(rows, key=_by_hub), key=lambda row: (row[0].url, row[1])):
        some = list(items)
        hub, doc_ids = some[0][0], {meant(named, *item[2:]) for item in some} - {None}
        first_links = _links_more(hub, heading, named, doc_ids)
        if first_links:
            doc_ids = {named[folded(link)] for *_, link in some if link and folded(link) in named}
        members = tuple(sorted((pages[one] for one in doc_ids if one), key=lambda page: page.url))
        if len(members) in MEMBERS and named.get(folded(hub.name)) == hub.doc_id and heading and hub not in members:
            yield Listed(hub, heading, members, first_links)


def _links_more(hub: Page, heading: str, named: dict[str, str], doc_ids: Set[str | None]) -> bool:
    """True if items link to other pages than those."""
    try:
        links = links_under(hub, heading)
    except LookupError:
        return False  # such a list is refused once its question is computed again
    return any(named.get(folded(link), hub.doc_id) not in {*doc_ids, hub.doc_id} for some in links for link in some)


def _by_hub(row: tuple[Any, ...]) -> tuple[str, str]:
    return row[0].url, row[1]


def _attributes(con: "duckdb.DuckDBPyConnection", pages: dict[str, Page]) -> Iterator[Attribute]:
    yield Attribute("headings", "", "", {key: n for key, n in _rows(con, "graph_headings") if key in pages})
    phrases = [phrase for phrase, _ in _rows(con, "graph_phrases", min_pages=LEAST_PAGES, most=MOST_PHRASES)]
    counted: dict[str, dict[str, float]] = {phrase: dict.fromkeys(pages, 0.0) for phrase in phrases}
    for doc_id, phrase, n in _rows(con, "graph_phrase_counts", phrases=phrases):
        if doc_id in pages:
            counted[phrase][doc_id] = n
    yield from (Attribute("phrase", phrase, phrase, counts) for phrase, counts in counted.items())
    valued = defaultdict[tuple[str, str, str, str | None], dict[str, float]](dict)
    for doc_id, kind, label, shown, value, unit in _rows(con, "graph_labels", min_pages=LEAST_PAGES):
        if doc_id in pages:
            valued[kind, label, shown, unit][doc_id] = value
    for (kind, label, shown, unit), values in valued.items():
        if len(values) >= LEAST_PAGES:
            yield Attribute(kind, label, shown, values, unit)


def _tables(con: "duckdb.DuckDBPyConnection", pages: dict[str, Page]) -> Iterator[Table]:
    cells = [row for row in _rows(con, "graph_tables") if row[0] in pages]
    for (doc_id, heading), some in groupby(cells, key=lambda row: row[:2]):
        rows = [tuple(row) for _, row in groupby(some, key=lambda cell: cell[2])]
        headers = tuple(cell[4] or "" for cell in rows[0])
        distinct = len(set(headers)) == len(headers) and all(headers)
        if len(rows) >= LEAST_ROWS and distinct and all(len(row) == len(headers) for row in rows):
            body = tuple(tuple(Cell(*cell[5:]) for cell in row) for row in rows)
            yield Table(pages[doc_id], heading, headers, body)


def _rows(con: "duckdb.DuckDBPyConnection", name: str, **values: object) -> list[tuple[Any, ...]]:
    from warehouse.connect import execute, query  # imports DuckDB, which the tools' worker processes do not need

    return execute(con, query("graph", name), values).fetchall()
