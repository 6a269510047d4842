"""Reads the facts of pages into the lake: those of every page whose text was not read before.

A document's id covers its text, so a text is read once, whatever night fetched it. Parts appear as they are read: a
killed step goes on with the pages that are left.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from schemas import Fact, arrow_schema
from sources.graph.page_facts import page_facts
from warehouse.connect import query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

if TYPE_CHECKING:
    import duckdb

PART_PAGES = 1_000
"""Pages per part: their facts, some 100 MB at most, are held in memory."""
AT_ONCE = 64
"""Pages whose text is held in memory."""


def read_facts(lake: Lake, con: "duckdb.DuckDBPyConnection", day: date, report: ProgressCallback) -> int:
    """Read the pages without facts, in the order of their ids, and return their number."""
    [(n_pages,)] = con.execute(query("graph", "unread_count")).fetchall()
    done, pages = 0, _unread(con, n_pages)
    while part := list(islice(pages, PART_PAGES)):
        tables = [_table(day, doc_id, title, text) for doc_id, title, text in part]
        lake.write_table(Fact, pa.concat_tables(tables).combine_chunks(), lake.next_part(day, "graph", Fact))
        done += len(tables)
        report(done, n_pages, f"{done} pages read for facts")
    return done


def _unread(con: "duckdb.DuckDBPyConnection", n_pages: int) -> Iterator[tuple[str, str | None, str]]:
    if not n_pages:
        return
    for batch in con.sql(query("graph", "unread_pages")).to_arrow_reader(AT_ONCE):
        for row in batch.to_pylist():
            yield row["doc_id"], row["title"], row["text"]


def _table(day: date, doc_id: str, title: str | None, text: str) -> pa.Table:
    found = page_facts(title, text)
    columns = dict(zip(found[0]._fields, zip(*found, strict=True), strict=True))
    same = {"doc_id": [doc_id] * len(found), "run_id": [day.isoformat()] * len(found)}
    return pa.table({**columns, **same}, schema=arrow_schema(Fact))
