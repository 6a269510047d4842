"""Reports in the teacher's words: a task whose instruction lost or changed a fact leads to the wrong fix."""

from random import Random

import pytest

from flows.domains.engineering.composers.report import Reports, reports
from flows.domains.engineering.composers.rewording import facts, reworded
from flows.domains.engineering.measure.single import Symptom
from flows.domains.engineering.sources.allowlist import chosen

SYMPTOMS: list[list[Symptom]] = [
    [{"kind": "value", "call": "double({'a': 3})", "actual": "4", "expected": "6"}],
    [
        {"kind": "raises", "call": "pop([])", "exception": "KeyError", "message": "'a {b}'"},
        {"kind": "no_raise", "call": "pop(-1)", "exception": "ValueError"},
    ],
]
ITEMS = (
    "For `{call1}` I would like to see `{expected1}`, yet the answer is `{actual1}`.",
    "`{call1}` dies with {error1} ({message1}). And `{call2}` lets me go on, where {missing_error2} is due.",
)
OPENING = "Here is the source of toolz. Two complaints are open."


@pytest.fixture
def plain() -> Reports:
    return reports(chosen(["toolz"])[0], SYMPTOMS, "mutants", Random(3))


def reply(plain: Reports, opening: str = OPENING, **changes: str) -> str:
    """A good reply in the order of the reports, with words of it replaced."""
    ordered = [ITEMS[0] if "expected1" in own else ITEMS[1] for own in plain.facts]
    text = "\n".join([opening, *(f"{number}. {one}" for number, one in enumerate(ordered, 1))])
    return text.replace(changes.get("old", "\0"), changes.get("new", ""))


def test_facts_survive_in_other_words(plain: Reports) -> None:
    """A value with braces or quotes must be in the text as it is; the rules of the task must not be lost."""
    made, reason = reworded(plain, lambda *_: "<think>1. hm</think>" + reply(plain))
    assert reason == "ok"
    assert made.text() != plain.text()
    values = [value for own in plain.facts for value in own.values()]
    assert len(values) == 8 and all(value in made.text() and value in plain.text() for value in values)
    assert made.text().endswith(plain.closing)
    assert all(value in facts(plain) for value in values)


@pytest.mark.parametrize(
    ("reason", "old", "new"),
    [
        ("other_problems", "2. ", ""),
        ("lost_name", "toolz", "the library"),
        ("lost_fact", "`{actual1}`", "wrong"),
        ("foreign_fact", "yet", "yet {call9}"),
        ("foreign_fact", "yet", "{0"),
        ("swapped_fact", "I would like to see `{expected1}`", "the library returns `{expected1}`"),
        ("swapped_fact", "dies with", "should raise"),
        ("names_file", "complaints", "complaints about parser.py"),
        ("added_fact", "yet", "yet for 7"),
        ("added_fact", "yet", "yet, perhaps in `dicttoolz`,"),
        ("added_fact", "yet", "see docs/index and"),
        ("long", "complaints", "complaints " * 200),
    ],
)
def test_a_text_that_loses_or_adds_a_fact_is_not_used(plain: Reports, reason: str, old: str, new: str) -> None:
    """The plain instruction stays: its task was proven already."""
    assert reworded(plain, lambda *_: reply(plain, old=old, new=new)) == (plain, reason)
