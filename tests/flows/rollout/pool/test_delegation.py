"""Delegated questions: children with a context of their own, stored with their parent, never sampled twice."""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.rollout.journal.journal import Journal
from flows.rollout.protocol import Completion, Sampling
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings
from schemas import Trajectory, Turn, Verdict
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.flows.rollout.timeless import timeless_rows as rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

DAY = date(2026, 1, 2)
TASKS = 3


class Killed(BaseException):
    """Ends a run at a completion, as a kill would."""


class Mortal(ScriptedTeacher):
    """Dies at a completion of that number; counts the prompts that it answered, and keeps the last one by session."""

    def __init__(self, dies_at: int = 0) -> None:
        super().__init__(script)
        self.left, self.prompts = dies_at, Counter[tuple[int, ...]]()
        self.last: dict[str, tuple[int, ...]] = {}

    async def generate(self, prompt_ids: Any, sampling: Sampling, session: str) -> Completion:
        self.left -= 1
        if self.left == 0:
            raise Killed
        self.last[session] = tuple(prompt_ids)
        self.prompts[tuple(prompt_ids)] += 1
        return await super().generate(prompt_ids, sampling, session)


def script(prompt: str, seed: int) -> str:
    """An attempt delegates to two children, one of which delegates further; each of them searches first."""
    task, turn = prompt.rsplit("<|im_start|>user\n", 1)[1].split("<|im_end|>", 1)[0], spoken(prompt)
    if task.startswith("child"):
        if turn == 0:
            return call("search", query=f"island {task}")
        deeper = turn == 1 and task.endswith(" a")
        return call("delegate", question=f"{task}-deep") if deeper else f"{task} is done"
    number = re.search(r"\((\d+)\)", task)
    assert number
    if turn == 0:
        both = call("delegate", question=f"child {number[1]} a") + call("delegate", question=f"child {number[1]} b")
        return both + call("search", query="cliffs")
    return "All in all: " + prompt.rsplit("child ", 1)[1][:3]


def home(folder: Path, levels: int = 2) -> Settings:
    limits = Rollout(max_in_flight=1, tool_workers=0, max_starts=99, delegate_levels=levels)
    settings = Settings(home=folder, rollout=limits)
    write_wiki_tasks(Lake(settings.lake), DAY, TASKS, samples=1)
    return settings


def roll_out(settings: Settings, teacher: Mortal) -> dict[str, int | str]:
    return run_rollout(settings, DAY, silent, Factories(opening(teacher), open_tiny_dialect))


def everything(settings: Settings) -> list[list[dict[str, Any]]]:
    return [
        rows(settings, Trajectory, "trajectory_id"),
        rows(settings, Turn, "trajectory_id", "index"),
        rows(settings, Verdict, "trajectory_id", "turn_index", "verifier"),
    ]


def test_only_the_answers_of_children_enter_the_parent_and_all_counts_add_up(tmp_path: Path) -> None:
    settings = home(tmp_path)
    counts = roll_out(settings, Mortal())
    assert (counts["planned"], counts["finished"]) == (TASKS, TASKS)
    found = rows(settings, Trajectory, "trajectory_id")
    roots = {row["trajectory_id"] for row in found if row["parent_id"] is None}
    children = {row["trajectory_id"]: row for row in found if row["parent_id"] in roots}
    deep = [row for row in found if row["parent_id"] in children]
    assert (len(roots), len(children), len(deep)) == (TASKS, 2 * TASKS, TASKS)
    offered = {row["trajectory_id"]: "delegate" in row["tools"] for row in found}
    assert all(offered[name] for name in (*roots, *children)) and not any(offered[row["trajectory_id"]] for row in deep)
    observed = [
        row["observation"] for row in rows(settings, Turn, "trajectory_id", "index") if row["tool"] == "delegate"
    ]
    answers = [row["answer"] for row in (*children.values(), *deep)]
    assert sorted(text for text in observed if text) == sorted(answers)
    with connect(Lake(settings.lake)) as con:
        assert not {name: wrong for name, wrong in run_checks(con).items() if wrong}
        outcome = "select count(*) from verdicts join trajectories using (trajectory_id) where parent_id is not null"
        assert con.sql(f"{outcome} and verifier <> 'tool_calls'").fetchall() == [(0,)]


@pytest.mark.slow
def test_killed_at_any_completion_the_rows_are_those_of_an_undisturbed_run(tmp_path: Path) -> None:
    """A child that is sampled again after a kill costs its tokens twice, and may answer otherwise."""
    undisturbed, teacher = home(tmp_path / "undisturbed"), Mortal()
    roll_out(undisturbed, teacher)
    n = sum(teacher.prompts.values())
    for dies_at in range(1, n + 1, 3):
        killed, first, second = home(tmp_path / str(dies_at)), Mortal(dies_at), Mortal()
        with pytest.raises(Killed):
            roll_out(killed, first)
        roll_out(killed, second)
        assert everything(killed) == everything(undisturbed), dies_at
        assert_only_a_turn_in_flight_was_sampled_again(first, second)


def assert_only_a_turn_in_flight_was_sampled_again(first: Mortal, second: Mortal) -> None:
    """Beside the child whose completion killed the run, one sibling may have had a turn that no journal held yet."""
    again = first.prompts & second.prompts
    assert again.total() <= 1
    assert again.keys() <= set(first.last.values())
    assert max(first.prompts.values(), default=1) == max(second.prompts.values()) == 1


def test_children_of_an_attempt_that_starts_again_are_forgotten(tmp_path: Path) -> None:
    """Their turns belong to an attempt that is gone, and would stay in the journal for good."""
    killed = home(tmp_path)
    with pytest.raises(Killed):
        roll_out(killed, Mortal(6))
    changed = killed.model_copy(update={"rollout": killed.rollout.model_copy(update={"delegate_levels": 0})})
    roll_out(changed, Mortal())
    with Journal(killed.state / "journal.sqlite") as journal:
        assert journal.read("attempt_ids") == []
    assert {row["parent_id"] for row in rows(changed, Trajectory, "trajectory_id")} == {None}


def test_without_the_setting_no_attempt_can_delegate(tmp_path: Path) -> None:
    settings = home(tmp_path, levels=0)
    roll_out(settings, Mortal())
    found = rows(settings, Trajectory, "trajectory_id")
    assert len(found) == TASKS and not any("delegate" in row["tools"] for row in found)
