"""Verdicts on single turns, and the columns of every verdict."""

import pytest

from flows.environments.tool import ToolCall
from flows.rollout.protocol import Parsed
from schemas.trajectory import Kind
from tests.flows.domains.search.test_verifiers import TASK, URL, attempt_turns, opening, verdicts


@pytest.mark.parametrize(
    ("parsed", "observations", "reason"),
    [
        (opening(), [("ok", URL)], "ok"),
        (opening(), [("empty", None)], "empty"),
        (opening(), [], "not_run"),
        (Parsed("<tool_call>{", parse="bad_json"), [], "parse:bad_json"),
        (Parsed("", calls=(ToolCall("c", "open", {}),)), [("blocked", None)], "schema"),
        (Parsed("", calls=(ToolCall("c", "fly", {}),)), [("blocked", None)], "schema"),
    ],
)
def test_each_turn_that_calls_is_judged(
    parsed: Parsed, observations: list[tuple[Kind, str | None]], reason: str
) -> None:
    found = verdicts("x", attempt_turns((parsed, observations)))["tool_calls"]
    assert (found.turn_index, found.reason, found.passed) == (0, reason, reason == "ok")


def test_every_verdict_names_its_verifier_version_and_trajectory() -> None:
    found = verdicts("x", attempt_turns((opening(), [("ok", URL)]), (Parsed("x", answer="x"), [])))
    assert set(found) == {*TASK.verifiers, "tool_calls"}
    assert {(one.trajectory_id, one.run_id) for one in found.values()} == {("t1", "2026-01-02")}
    assert {one.version for one in found.values()} == {"2", "3", "4"}


def test_an_unknown_domain_or_verifier_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"no domain named 'poetry'; there are: .*search"):
        verdicts("x", [], TASK.model_copy(update={"domain": "poetry"}))
    with pytest.raises(LookupError, match="rhymes"):
        verdicts("x", [], TASK.model_copy(update={"verifiers": ["rhymes"]}))
