"""The reading room: pages in parts, a notebook that a killed attempt keeps, and no way to a hidden value."""

import json
from pathlib import Path

import pytest

from flows.domains.science.examine import examine
from flows.domains.science.expressions import is_formula
from flows.domains.science.world.environment import WINDOW_CHARS, StudyDiffers, opened, windows
from flows.environments.environment import Checkpoint
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from schemas.task import Hidden
from tests.flows.domains.reached_modules import assert_no_hidden_module
from tests.flows.domains.science.studies import call, room, setup_of


def test_a_killed_attempt_keeps_its_notebook() -> None:
    """A record that a kill forgets costs the attempt its steps."""
    world = room()
    made = [
        ToolCall("a", "record", {"part": 1, "step": "ph", "value": 5.5}),
        ToolCall("b", "open", {"address": "rules"}),
    ]
    answers = [world.act(one) for one in made]
    again = room()
    assert again.restore(Checkpoint(world.checkpoint().digest), made) == answers
    assert again.finish("1").checks == {"notebook": {"1.ph": 5.5}}
    assert again.checkpoint() == world.checkpoint() != room().checkpoint()


def test_pages_are_found_and_opened_in_parts() -> None:
    world = room()
    hit = call(world, "search", query="rules constants count").text
    assert "\nrules\n" in hit
    assert call(world, "open", address="rules").url == "rules"
    assert call(world, "open", address="rules", part=9).kind == "empty"
    assert call(world, "open", address="../etc/passwd").kind == "empty"
    assert call(world, "search", query='"( AND').kind in {"empty", "ok"}
    assert call(world, "search", query="zzzqqq").kind == "empty"
    long = "\n\n".join(f"{n} " + "x" * 900 for n in range(20))
    assert all(len(one) <= WINDOW_CHARS for one in windows(long))
    assert "\n\n".join(windows(long)) == long


def test_a_notebook_refuses_values_that_no_row_can_hold() -> None:
    tool = {one.name: one for one in room().tools()}["record"]
    assert tool.invalid({"part": 1, "step": "ph", "value": float("nan")})
    assert tool.invalid({"part": 0, "step": "ph", "value": 1})
    assert call(room(), "record", part=1, step="residues", value="M" * 5_000).kind == "blocked"


def test_a_study_of_another_version_says_so() -> None:
    setup = json.loads(setup_of()) | {"sha256": "0" * 64}
    with pytest.raises(StudyDiffers, match="compose its night again"):
        opened(json.dumps(setup), Resources(), Path())


@pytest.mark.parametrize("text", ["1.5*x - 0.2*x**3", "x*(1.5 - 0.2*x**2)", "-sin(x)/2"])
def test_formulas_are_passed_on(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('id')", "x.__class__", "9**9**9", "x**99999", "print(1)", "(lambda: x)()", "x" * 400,
     "x +", "'a'*9", "exit()", "[x for x in ()]", "True", "sqrt(x=1)"],
)  # fmt: skip
def test_texts_that_run_code_never_reach_the_interpreter(text: str, tmp_path: Path) -> None:
    """sympy evaluates its input: a recorded text could print the verdict of the examination."""
    world = room()
    call(world, "record", part=1, step="force", value=text)
    hidden = Hidden(
        task_id="t",
        goal=json.dumps({"steps": {"1.force": {"form": "expression", "value": "x"}}}),
        oracle=None,
        run_id="r",
    )
    assert not is_formula(text)
    assert examine(world, hidden, Resources(), tmp_path) == {"formulas": {"1.force": False}}


def test_no_tool_can_reach_a_hidden_value() -> None:
    """The world's modules import neither the examination, nor the composer, nor the hidden record."""
    assert_no_hidden_module("flows.domains.science", "world.environment", "study.pages")
