"""The world: labels stay outside, scores are few, submissions are recorded, and a killed attempt goes on."""

import json
from pathlib import Path

import pytest

from flows.domains.ml_engineering.world.problem import ProblemError
from flows.environments.environment import Checkpoint
from flows.environments.tool import ToolCall
from tests.flows.domains.ml_engineering.worlds import call, opened, problem_of, setup_of, submission
from tests.flows.domains.reached_modules import assert_no_hidden_module

PACKAGE = "flows.domains.ml_engineering"
PROBLEM = problem_of()


def test_scores_are_few_and_faulty_files_cost_none(tmp_path: Path) -> None:
    """Without a limit, the public rows are found out one by one."""
    world = opened(tmp_path / "a", setup_of(scores=2))
    call(world, "write", path="good.csv", text=submission(PROBLEM))
    call(world, "write", path="bad.csv", text=submission(PROBLEM, "nan"))
    bad = call(world, "score", path="bad.csv")
    assert (bad.kind, "not_a_number" in bad.text) == ("blocked", True)
    assert call(world, "score", path="missing.csv").kind == "empty"
    answers = [call(world, "score", path="good.csv", note="constant").text for _ in range(2)]
    assert [one.splitlines()[1][:12] for one in answers] == ["Score 1 of 2", "Score 2 of 2"]
    assert "All 2 scores are used" in call(world, "score", path="good.csv").text
    checks = world.finish("done").checks
    assert [one["reason"] for one in checks["submissions"]] == ["not_a_number", "no_file", "ok", "ok"]  # type: ignore[attr-defined]
    assert checks["final"] is None
    world.close()


def test_a_link_out_of_the_workspace_is_not_scored(tmp_path: Path) -> None:
    """A score over a file of the host would be read with the rights of the factory."""
    world = opened(tmp_path / "a")
    call(world, "bash", command="ln -s /etc/passwd out.csv; ln -s ../../../../../../etc/passwd up.csv")
    assert {call(world, "submit", path=one).kind for one in ("out.csv", "up.csv", "/etc/passwd")} <= {
        "blocked",
        "empty",
    }
    assert world.final_predictions() is None
    world.close()


def test_a_killed_attempt_goes_on_with_its_record(tmp_path: Path) -> None:
    """A record that a kill forgets gives an attempt ten scores more."""
    world = opened(tmp_path / "a")
    call(world, "write", path="s.csv", text=submission(PROBLEM))
    call(world, "score", path="s.csv")
    call(world, "submit", path="s.csv")
    made, stored = world.finish("done"), world.checkpoint()
    world.close()
    again = opened(tmp_path / "a")
    again.restore(Checkpoint(stored.digest, stored.snapshot), [ToolCall("c", "submit", {"path": "s.csv"})])
    assert again.checkpoint().digest == stored.digest
    assert again.finish("done").checks == made.checks
    found = again.final_predictions()
    assert found is not None and found.tolist() == [0.5] * len(PROBLEM.wanted.ids)
    again.close()


def test_after_the_computing_time_it_is_too_late(tmp_path: Path) -> None:
    world = opened(tmp_path / "a", setup_of(seconds=0))
    assert call(world, "bash", command="true").kind == "blocked"
    assert "too late" in call(world, "submit", path="sample_submission.csv").text
    final = world.finish(None)
    assert final.limits == ("too_late",)
    assert [one["reason"] for one in final.checks["submissions"]] == ["too_late"]  # type: ignore[attr-defined]
    world.close()


def test_the_sandbox_holds_neither_labels_nor_the_generator(tmp_path: Path) -> None:
    """With the generator's code at hand, a seed is all that is between the agent and the law."""
    world = opened(tmp_path / "a", setup_of("leakage", 987_654_321))
    shown = call(
        world, "bash", command="ls -A; python -c 'import flows' 2>&1 | tail -n 1; env; cat /proc/1/environ"
    ).text
    assert "No module named 'flows'" in shown
    assert {one for one in shown.split() if one.endswith((".csv", ".md"))} == set(PROBLEM.files)
    assert "987654321" not in shown
    world.close()


def test_no_tool_can_reach_the_private_labels() -> None:
    """The world's modules import neither the examination, nor the composers, nor the hidden record."""
    assert_no_hidden_module(PACKAGE, "world.environment", "world.problem")


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"sha256": "0" * 64}, "differ from the task's"), ({"family": "gone"}, "no family of problems 'gone'"),
     ({"bundle": "../../etc"}, "is not in")],
)  # fmt: skip
def test_a_problem_that_cannot_be_made_again_says_why(changed: dict[str, object], message: str, tmp_path: Path) -> None:
    setup = json.loads(setup_of())
    with pytest.raises(ProblemError, match=message):
        opened(tmp_path / "a", json.dumps(setup | {"problem": setup["problem"] | changed}))
