"""Named SQL statements: one file, many statements, each found by its name."""

import sqlite3
from pathlib import Path

import pytest

from schemas.named_statements import load_statements, split_statements

ROOT = Path(__file__).parents[2]
TWO = """-- SQLite statements of a shop, one named block per statement

-- name: create_prices
-- one row per article
create table prices (article text, cents integer);
insert into prices values ('tea', 300);

-- name: price_of
-- one row per article with that name
select cents from prices
where article = ?
"""


def test_each_block_runs_under_its_name() -> None:
    statements = split_statements(TWO, "shop.sql")
    assert list(statements) == ["create_prices", "price_of"]
    db = sqlite3.connect(":memory:")
    db.executescript(statements["create_prices"])
    assert db.execute(statements["price_of"], ("tea",)).fetchall() == [(300,)]


def test_a_block_keeps_its_grain_line_and_ends_at_the_next_block() -> None:
    """Callers append an order to some statements, so a block must not end in a comment or a blank line."""
    statements = split_statements(TWO, "shop.sql")
    assert statements["price_of"].startswith("-- one row per article")
    assert statements["price_of"].endswith("where article = ?")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("select 1\n-- name: one\nselect 1\n", "before the first"),
        ("-- name: one\nselect 1\n-- name: one\nselect 2\n", "two statements are named one"),
        ("-- name: one\n-- one row\n-- name: two\nselect 2\n", "the statement one is empty"),
    ],
)
def test_a_misshapen_file_is_refused(text: str, error: str) -> None:
    """A block that silently replaced another would run the wrong statement."""
    with pytest.raises(ValueError, match=f"shop.sql: .*{error}"):
        split_statements(text, "shop.sql")


def test_a_file_that_is_missing_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        load_statements("schemas", "missing.sql")


def test_every_file_of_statements_loads_and_gives_the_grain_of_each() -> None:
    """A reader must know how many rows a statement touches without reading its conditions."""
    for path in sorted([*ROOT.glob("flows/**/*.sql"), *ROOT.glob("sources/**/*.sql")]):
        text = path.read_text("utf-8")
        if "-- name: " in text:
            for name, statement in split_statements(text, path.name).items():
                assert statement.startswith("-- one row"), f"{path.name}: {name}"
