"""Joins of two tables: both pages must be read, so a second table that repeats the first makes no question."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from flows.domains.contract import Refused
from flows.domains.search.sets.draws import Draw, level
from flows.domains.search.sets.graph import Cell, Graph, Page, Table
from flows.domains.search.sets.joins import table_join
from flows.domains.search.sets.searches import Searches
from flows.domains.search.sets.twins import asked_of
from sources.index.library import Library

KEYS = ["debug", "info", "warning", "error", "critical", "notset"]


def table(name: str, values: list[int]) -> Table:
    rows = "\n".join(f"| {key} | {value} |" for key, value in zip(KEYS, values, strict=True))
    text = f"## Levels\n\n| Level | Value |\n| --- | --- |\n{rows}"
    page = Page(name, f"http://x.example/{name}", name, "web", None, text, datetime(2026, 1, 1, tzinfo=UTC), name)
    cells = tuple((Cell(key, None, None), Cell(str(one), one, None)) for key, one in zip(KEYS, values, strict=True))
    return Table(page, "Levels", ("Level", "Value"), cells)


@pytest.fixture
def searches(tmp_path: Path) -> Searches:
    Library.build(tmp_path / "library", [])
    return Searches(Library.open(tmp_path / "library"))


def draw(searches: Searches, *tables: Table) -> Draw:
    pages = {one.page.doc_id: one.page for one in tables}
    graph = Graph(pages, {}, (), (), tables, {}, frozenset())
    return Draw(Random(3), graph, searches, level(1, None))


def test_a_join_needs_both_tables(searches: Searches) -> None:
    values, others = [10, 20, 30, 40, 50, 0], [3, 1, 4, 1, 5, 9]
    question = table_join(draw(searches, table("one", values), table("two", others)))
    assert question.again() == question.truth
    with pytest.raises(Refused, match="no_second_table"):
        table_join(draw(searches, table("one", values), table("two", values)))


def test_other_rows_of_one_table_are_no_other_question() -> None:
    """A release with many of them teaches one question many times."""
    asked = (
        "The page “{}” has a table under the heading “{}”, whose column “Name” names pages. Take the pages of the rows"
        " whose “Users” is from {} to {}, both included. What is the sum over these pages of the value of “Height” that"
        " the page states? Answer with the number alone."
    )
    first = asked_of("abcdefgh", asked.format("Towns of the north", "Largest", 10, 20))
    assert first.is_twin_of(asked_of("ijklmnop", asked.format("Towns of the north", "Largest", 30, 40)))
    lakes = asked.format("Lakes", "Deepest", 10, 20).replace("Height", "Depth")
    assert not first.is_twin_of(asked_of("ijklmnop", lakes))
    assert first.is_twin_of(asked_of("abcdefg", "How many of these pages have a table?"))
