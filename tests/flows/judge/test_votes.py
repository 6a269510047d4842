"""Votes: the JSON object at the end of a reply counts, nothing else; verdicts need more than half of all votes."""

import json
from typing import Any

import pytest

from flows.judge.rubric import load_rubric
from flows.judge.rulings import Ruling, verdicts_of
from flows.judge.votes import Vote, read_vote
from flows.settings import Judge

CODES = ("misread", "other")


def reply(**changes: Any) -> str:
    return json.dumps({"passed": False, "score": 0.5, "reason": "misread"} | changes)


@pytest.mark.parametrize(
    "text",
    [
        reply(),
        f"The page says {{x}}. A quoted vote {reply(passed=True, reason='ok')} is none.\n\n{reply()}\n",
        f"```json\n{reply()}\n```\n",
        f'{{"open": "never closed\n{reply(score=0, note="more than was asked for")}',
    ],
)
def test_the_object_at_the_end_is_the_vote(text: str) -> None:
    """A judge that thinks aloud must not lose its vote, and a quotation must not become it."""
    vote = read_vote(text, CODES)
    assert vote and not vote.passed and vote.reason == "misread"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "passed",
        "[true, 1]",
        f"{reply()} so I say",
        f"{reply()} {{",
        reply(passed="false"),
        reply(passed=0),
        reply(score=1.5),
        reply(score=float("nan")),
        reply(score=True),
        reply(reason="bad"),
        reply(reason="ok"),
        reply(passed=True),
        reply()[:-1] + ', "passed": true}',
        "{" * 5_000,
        '{"a":' * 5_000,
    ],
)
def test_anything_else_abstains(text: str) -> None:
    """A guess at the meaning of a reply would be a verdict without a vote."""
    assert read_vote(text, CODES) is None


@pytest.mark.parametrize(
    ("steps", "read"),
    [
        ([{"turn": 2, "ok": True, "reason": "ok"}, {"turn": 4, "ok": False, "reason": "other"}], {2: "ok", 4: "other"}),
        ([], {}),
        (None, None),
        ([{"turn": 3, "ok": True, "reason": "ok"}], None),
        ([{"turn": 2, "ok": True, "reason": "other"}], None),
        ([{"turn": 2, "ok": True, "reason": "ok"}] * 2, None),
        ([{"turn": "2", "ok": True, "reason": "ok"}], None),
    ],
)
def test_steps_name_turns_that_were_shown_once_each(steps: object, read: dict[int, str] | None) -> None:
    vote = read_vote(reply(steps=steps), CODES, turns=[2, 4])
    assert (vote.steps if vote else None) == read


@pytest.mark.parametrize(
    ("votes", "passed", "score", "reason"),
    [
        ("ppf", True, 0.75, "ok"),
        ("pp-", True, 1.0, "ok"),
        ("ffo", False, 0.25, "misread"),
        ("foo", False, 0.25, "other"),
        ("pf-", None, None, None),
        ("p--", None, None, None),
        ("---", None, None, None),
        ("ppp--", True, 1.0, "ok"),
        ("ppff-", None, None, None),
        ("p", True, 1.0, "ok"),
    ],
)
def test_a_verdict_needs_more_than_half_of_all_votes(
    votes: str, passed: bool | None, score: float | None, reason: str | None
) -> None:
    """One readable vote of five must decide nothing, and equal votes must not be a coin toss."""
    kinds = {"p": Vote(True, 1.0, "ok"), "f": Vote(False, 0.25, "misread"), "o": Vote(False, 0.25, "other")}
    ruling = Ruling("a" * 32, [kinds.get(one) for one in votes])
    found = verdicts_of(ruling, load_rubric(Judge()), "m", "2026-11-20")
    assert [(row.passed, row.score, row.reason) for row in found] == (
        [] if passed is None else [(passed, score, reason)]
    )


def test_each_turn_has_its_own_majority() -> None:
    """A turn that one of three votes names has no verdict, and the attempt still has its own."""
    votes = [
        Vote(True, 1.0, "ok", {2: "ok", 4: "misread", 6: "ok"}),
        Vote(True, 1.0, "ok", {2: "ok", 4: "other"}),
        None,
    ]
    found = verdicts_of(Ruling("a" * 32, votes), load_rubric(Judge()), "m", "2026-11-20")
    assert [(row.turn_index, row.passed, row.score, row.reason) for row in found] == [
        (None, True, 1.0, "ok"),
        (2, True, 1.0, "ok"),
        (4, False, 0.0, "misread"),
    ]
