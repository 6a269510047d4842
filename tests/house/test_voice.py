"""Holds docstrings, comments, messages and Markdown to plain English; failures list the worst places as path:line."""

import re
from functools import cache

import pytest

from tests.house import limits, voice
from tests.house.places import CODE_ROOMS, GUIDES
from tests.house.prose import Passage, of_markdown, of_python, of_sql, passages

WORST = 20


@cache
def _passages(rooms: tuple[str, ...]) -> list[Passage]:
    return passages(rooms, GUIDES if rooms == CODE_ROOMS else ())


def _check(measure: re.Pattern[str], rooms: tuple[str, ...], kind: str, limit: float) -> None:
    chosen = [passage for passage in _passages(rooms) if passage.kind == kind]
    worst = "\n".join(str(hit) for hit in voice.hits(measure, chosen)[:WORST])
    found = voice.rate(measure, chosen)
    assert found <= limit, f"{found:.2f} per 1,000 words of {kind}, limit {limit}; the worst places:\n{worst}"


@pytest.mark.parametrize(("kind", "limit"), limits.HEARSAY_PER_1000.items())
def test_code_rarely_uses_verbs_of_hearsay(kind: str, limit: float) -> None:
    """ "Told", "said", "asked" and "nobody" hide which component does what to which data."""
    _check(voice.HEARSAY, CODE_ROOMS, kind, limit)


@pytest.mark.parametrize(("kind", "limit"), limits.WHAT_CLAUSES_PER_1000.items())
def test_code_names_things_instead_of_paraphrasing_them(kind: str, limit: float) -> None:
    """ "The fetched bytes" can be searched for; "what was fetched" cannot."""
    _check(voice.WHAT_CLAUSE, CODE_ROOMS, kind, limit)


@pytest.mark.parametrize(("kind", "limit"), limits.TESTS_HEARSAY_PER_1000.items())
def test_tests_rarely_use_verbs_of_hearsay(kind: str, limit: float) -> None:
    """A failing test is read by a person who did not write it."""
    _check(voice.HEARSAY, ("tests",), kind, limit)


@pytest.mark.parametrize(("kind", "limit"), limits.TESTS_WHAT_CLAUSES_PER_1000.items())
def test_tests_name_things_instead_of_paraphrasing_them(kind: str, limit: float) -> None:
    """A test's docstring gives the reason for the promise it checks."""
    _check(voice.WHAT_CLAUSE, ("tests",), kind, limit)


def test_docstrings_open_with_a_verb_or_a_noun() -> None:
    """An index of opening words is useless when a quarter of them are What or Whether."""
    assert voice.openings([*_passages(CODE_ROOMS), *_passages(("tests",))]) == []


def test_grain_lines_read_one_row_per() -> None:
    """One wording for the grain lets a search for "one row per trajectory" find every query with that grain."""
    assert voice.old_grains([*_passages(CODE_ROOMS), *_passages(("tests",))]) == []


def test_sql_opens_with_its_grain() -> None:
    """Without its grain, a view cannot be joined without fear of doubled rows."""
    assert voice.without_grain() == []


PYTHON = '''"""Reads what was said.

See `what is told`.
"""

# met
# and asked
LIMIT = 3
"""Who is here."""
raise ValueError(f"nobody said {LIMIT} of them")  # noqa: TRY003
'''


def test_python_passages_hold_docstrings_comments_and_messages() -> None:
    """A measure that misses attribute docstrings or f-strings reports a rate that is too low."""
    found = {(passage.line, passage.kind): passage for passage in of_python("a.py", PYTHON)}
    assert found.keys() == {(1, "docstring"), (9, "docstring"), (6, "comment"), (10, "message")}
    assert found[6, "comment"].text == "met\nand asked"
    assert [hit.count for hit in voice.hits(voice.HEARSAY, found.values())] == [2, 2, 1]
    assert [hit.line for hit in voice.hits(voice.WHAT_CLAUSE, found.values())] == [9, 1]
    assert voice.openings(found.values()) == ["a.py:9: Who is here."]


def test_a_hit_has_the_line_of_its_match() -> None:
    """Writers go to the place by its number, also in the middle of a long docstring."""
    (passage,) = of_python("a.py", '"""One.\n\nTwo `a\nb` is\nasked."""\n')
    assert str(voice.hits(voice.HEARSAY, [passage])[0]).startswith("a.py:5: 1 x One. Two")


def test_sql_passages_leave_out_tags_and_strings() -> None:
    """`-- name:` lines are names of blocks, and `--` inside a string literal is data."""
    text = "-- name: asked\n-- one row per turn\n-- of a run\nselect '-- said' as a -- heard\n"
    assert [(p.line, p.text) for p in of_sql("a.sql", text)] == [(2, "one row per turn\nof a run"), (4, "heard")]


def test_markdown_passages_leave_out_fenced_code() -> None:
    """Shell commands in a README are not English."""
    text = "# Title\n\nOne\ntwo.\n- a\n  b\n- c\n```\nsaid\n```\n"
    assert [(p.line, p.text) for p in of_markdown("a.md", text)] == [
        (1, "# Title"), (3, "One\ntwo."), (5, "- a\n  b"), (7, "- c"),
    ]  # fmt: skip
