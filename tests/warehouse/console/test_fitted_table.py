"""Tables in a narrow terminal: no word is broken, and nothing is lost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from warehouse.console.terminal import cell, empty_table, facts_table

NAMES = st.from_regex(r"[a-z]{1,12}([_:/][a-z]{1,12}){0,4}", fullmatch=True)
CELLS = st.one_of(NAMES, st.integers(0, 10**9), st.none(), st.lists(NAMES, max_size=5).map(" ".join))
TABLES = st.integers(1, 8).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6))
WORD = re.compile(r"[a-z]+|\d+")


def printed(rows: list[list[object]], width: int) -> str:
    console = Console(width=width, force_terminal=False)
    table = empty_table([f"column {number}" for number in range(len(rows[0]))], "title")
    for row in rows:
        table.add_row(*map(cell, row))
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@settings(deadline=None, max_examples=40)
@given(TABLES, st.integers(40, 120))
def test_every_word_is_whole_at_any_width(rows: list[list[object]], width: int) -> None:
    """A reason or a count that is broken in the middle can be neither read nor searched for."""
    text = printed(rows, width)
    assert max(map(len, text.splitlines())) <= width
    shown = set(WORD.findall(text))
    words = {word for row in rows for value in row for word in WORD.findall(cell(value).plain) if len(word) <= 12}
    assert words <= shown


@pytest.mark.slow
@settings(deadline=None)
@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=9).map(" ".join), max_size=6), st.booleans())
def test_facts_are_whole_at_eighty_columns(facts: dict[str, str], boxed: bool) -> None:
    """A setting or an address that is broken in the middle cannot be copied."""
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(facts_table(facts.items(), "title", boxed=boxed))
    text = capture.get()
    assert max(map(len, text.splitlines()), default=0) <= 80
    words = {word for pair in facts.items() for value in pair for word in WORD.findall(value)}
    assert words <= set(WORD.findall(text))


def test_a_value_longer_than_the_line_is_printed_whole() -> None:
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(facts_table([("name", "x" * 200)]))
    assert capture.get().count("x") == 200


def test_a_funnel_fits_eighty_columns() -> None:
    row = ["instruction_following", "rejected", "leakage:answer_in_system_prompt", 123_456, "38.8%", 5_555_000_000]
    text = printed([row], 80)
    assert len(text.splitlines()) < 8
    for whole in ("instruction_", "following", "leakage:answer_", "123,456", "38.8%", "5,555,000,000"):
        assert whole in text
