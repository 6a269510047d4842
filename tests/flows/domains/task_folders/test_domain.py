"""A task folder through the domain: image, files, hidden tests, the folder's own solution, and the way back."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.domains import domain
from flows.domains.attempt import Attempt, Player
from flows.domains.contract import Draft, Play, Refused
from flows.domains.task_folders.composer import Found, compose
from flows.domains.task_folders.harbor.folder import read_folder
from flows.domains.task_folders.players import PLAYERS
from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.environments.tool import ToolCall
from flows.settings import Tasks
from flows.tasks.folders.harbor import write_harbor_folder
from flows.tasks.rows import hidden_row, task_row
from schemas.task import Hidden, Task
from tests.flows.domains.task_folders.folders import write_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        unavailable() is not None and not os.environ.get("FACTORY_REQUIRE_SANDBOX"), reason=str(unavailable())
    ),
]
DAY = date(2026, 1, 2)
Policy = Callable[[Task, Hidden | None], Play]


def draft_of(place: Path) -> Draft:
    return compose(Found(1, place, Resources()), lambda system, text: "")


def rows_of(draft: Draft) -> tuple[Task, Hidden]:
    one = domain("task_folders")
    task = task_row(one, one.composers[0], draft, Tasks(), DAY)
    hidden = hidden_row(task, draft)
    assert hidden is not None
    return task, hidden


def played(place: Path, rows: tuple[Task, Hidden], policy: Policy) -> Attempt:
    return Player(domain("task_folders"), Resources(), place / "world").play(*rows, policy)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Draft]:
    more = {"environment/data/show.py": "#!/usr/bin/env python3\nprint(1)\n", "tests/lib/count": "#!/bin/sh\nwc -l\n"}
    place = write_folder(tmp_path_factory.mktemp("folders"), **more)
    for path in more:
        (place / path).chmod(0o755)
    return place, draft_of(place)


def test_the_solution_passes_and_shortcuts_fail(made: tuple[Path, Draft], tmp_path: Path) -> None:
    """A task that its own solution does not solve, or that doing nothing solves, teaches nothing."""
    rows = rows_of(made[1])
    solved = played(tmp_path / "oracle", rows, PLAYERS.oracle)
    assert {name: one.reason for name, one in solved.judgements.items()} == {"tests_reward": "ok"}
    for name, shortcut in PLAYERS.shortcuts.items():
        lost = played(tmp_path / name, rows, shortcut)
        assert lost.judgements["tests_reward"].reason == "tests_failed", name


def test_no_tool_shows_the_tests(made: tuple[Path, Draft], tmp_path: Path) -> None:
    """An agent that reads the hidden tests needs to solve nothing."""

    def spy(task: Task, hidden: Hidden | None) -> Play:
        search = "ls -la / /tests /logs /app /solution 2>&1; grep -rl test_the_words / --include=*.py 2>/dev/null; env"
        answers = yield [ToolCall("1", "bash", {"command": search})]
        return answers[0].text

    found = played(tmp_path, rows_of(made[1]), spy).finished.trajectory.answer
    assert found is not None
    assert "test_outputs" not in found
    assert "/app" in found


def test_paths_of_the_instruction_work_in_every_tool(made: tuple[Path, Draft], tmp_path: Path) -> None:
    def sort(task: Task, hidden: Hidden | None) -> Play:
        words = yield [ToolCall("1", "read", {"path": "/app/data/words.txt"})]
        assert "pear apple fig cherry" in words[0].text
        yield [ToolCall("2", "write", {"path": "/app/sorted.txt", "text": "apple\ncherry\nfig\npear\n"})]
        shown = yield [ToolCall("3", "bash", {"command": "pwd; cat sorted.txt /app/data/total.txt"})]
        assert shown[0].text.split() == ["/app", "apple", "cherry", "fig", "pear", "45"]
        return "Done."

    assert played(tmp_path, rows_of(made[1]), sort).judgements["tests_reward"].passed


@pytest.mark.parametrize(
    ("script", "reason", "score"),
    [
        ("echo 0.25 > /logs/verifier/reward.txt", "tests_failed", 0.25),
        ("""echo '{"reward": 1, "style": 0.5}' > /logs/verifier/reward.json""", "ok", 1.0),
        ("""echo '{"one": 1, "two": 0}' > /logs/verifier/reward.json""", "tests_failed", 0.5),
        ("echo nan > /logs/verifier/reward.txt", "no_reward", 0.0),
        ("exit 3", "no_reward", 0.0),
        ("ln -s /etc/passwd /logs/verifier/reward.txt", "no_reward", 0.0),
    ],
)
def test_the_reward_is_read_as_harbor_reads_it(tmp_path: Path, script: str, reason: str, score: float) -> None:
    rows = rows_of(draft_of(write_folder(tmp_path, tests__test_sh=f"#!/bin/bash\n{script}\n")))
    judgement = played(tmp_path, rows, PLAYERS.shortcuts["nothing"]).judgements["tests_reward"]
    assert (judgement.reason, judgement.score) == (reason, score)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("RUN echo x > /etc/motd", "outside_workdir"),
        ("RUN false", "build_step_failed"),
        ("COPY data /opt/data/", "outside_workdir"),
        ("COPY missing.txt .", "context_incomplete"),
        ("RUN pip install no-such-package-of-horizon==9", "package_missing"),
        ("RUN pip install 'x=>1'", "package_invalid"),
        ("RUN apt-get install -y '$(reboot)'", "package_invalid"),
    ],
)
def test_a_build_that_the_sandbox_cannot_follow_is_refused(tmp_path: Path, step: str, reason: str) -> None:
    dockerfile = f"FROM python:3.11\nWORKDIR /app\nCOPY data/ data/\n{step}\n"
    with pytest.raises(Refused, match=reason):
        draft_of(write_folder(tmp_path, environment__Dockerfile=dockerfile))


def test_an_exported_folder_comes_in_as_the_same_task(made: tuple[Path, Draft], tmp_path: Path) -> None:
    """A team that moves its tasks to another framework and back loses nothing of them."""
    one = domain("task_folders")
    assert one.folder is not None
    task, hidden = rows_of(made[1])
    again = draft_of(write_harbor_folder(task, one.folder(task, hidden, Resources()), tmp_path))
    setup, first = json.loads(again.setup), json.loads(made[1].setup)
    assert (setup["files"], setup["workdir"]) == (first["files"], first["workdir"])
    assert again.instruction == made[1].instruction
    assert json.loads(again.goal or "")["tests"] == json.loads(made[1].goal or "")["tests"]
    written = read_folder(tmp_path / task.task_id)
    assert written.config.task.name == f"horizon-factory/{task.task_id}"
    assert (written.tests["lib/count"].executable, written.tests["test_outputs.py"].executable) == (True, False)


def test_a_program_of_the_folder_can_be_run_by_its_name(made: tuple[Path, Draft], tmp_path: Path) -> None:
    """A folder's command-line program that lost its permission bits is a fault that the task never had."""
    answers = list[str]()

    def runs(task: Task, hidden: Hidden | None) -> Play:
        (answer,) = yield [ToolCall("1", "bash", {"command": "data/show.py; test -x data/words.txt; echo $?"})]
        answers.append(answer.text)
        return "Done."

    played(tmp_path, rows_of(made[1]), runs)
    assert answers == ["1\n1"]


def test_a_solution_finds_its_own_files(tmp_path: Path) -> None:
    """Solutions of several files read them from /solution, where Harbor puts them."""
    files = {
        "solution/words.txt": "apple\ncherry\nfig\npear\n",
        "solution__solve_sh": "cp /solution/words.txt /app/sorted.txt\n",
    }
    place = write_folder(tmp_path, **files)
    assert played(tmp_path / "world", rows_of(draft_of(place)), PLAYERS.oracle).judgements["tests_reward"].passed
