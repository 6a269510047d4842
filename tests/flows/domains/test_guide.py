"""A domain of a user's own, as the guide writes it: loaded from a folder, composed without pages, played.

The same domain is loaded by an entry point, as an installed package offers it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.domains import DomainError, domain, domains
from flows.domains.attempt import Player
from flows.domains.finding import use_folders
from flows.environments.resources import Resources
from flows.settings import Settings, Tasks, load
from flows.tasks.compose import run_tasks
from schemas import Hidden, Task
from tests.flows.domains.guide_domain import write_guide_domain
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent

DAY = date(2026, 1, 2)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield write_guide_domain(tmp_path)
    use_folders([])


def settings(folder: Path, per_night: int = 5) -> Settings:
    tasks = Tasks(domain_folders=[folder], share={"dials": 1}, per_night=per_night)
    return Settings(home=folder.parent / "home", tasks=tasks)


def python(code: str, *packages: Path) -> str:
    """The output of the code in a process of its own, with further packages on its path."""
    path = os.pathsep.join(map(str, (ROOT, *packages)))
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": path})
    return done.stdout


@contextmanager
def no_teacher(*_: object) -> Iterator[Any]:
    raise AssertionError("no composer here needs a teacher")
    yield


@pytest.mark.slow
def test_the_settings_name_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    Path("factory.toml").write_text('[tasks]\ndomain_folders = ["dials"]\n[tasks.share]\ndials = 1\n')
    loaded = load()
    assert loaded.tasks.share == {"dials": 1}
    assert domain("dials").composers[0].name == "panels"
    code = "from flows.domains import domain; print(domain('dials').environment.name)"
    assert python(code) == "panel\n", "a worker process of the run does not find the domain"


def test_a_night_without_pages_composes_it(folder: Path) -> None:
    """The goal of each task is in the lake beside it, and nowhere in the task."""
    use_folders([folder])
    counts = run_tasks(settings(folder), DAY, silent, no_teacher)
    assert (counts["composed"], counts["panels"]) == (5, 5)
    tasks = rows(folder.parent / "home", Task)
    hidden = {row["task_id"]: json.loads(row["goal"]) for row in rows(folder.parent / "home", Hidden)}
    assert {task["task_id"] for task in tasks} == hidden.keys()
    for task in tasks:
        n_dials = len(hidden[task["task_id"]]["dials"])
        assert (task["answer_form"], task["tools"]) == ("state", ["read", "turn"])
        assert (task["verifiers"], task["max_turns"]) == (["goal_reached"], 2 * n_dials + 4)


def test_its_policies_play_in_the_real_world(folder: Path) -> None:
    """Oracle and explorer solve every task, doing nothing solves none."""
    use_folders([folder])
    run_tasks(settings(folder, 3), DAY, silent, no_teacher)
    one = domain("dials")
    assert one.policies is not None and one.policies.explorer is not None
    players = {"oracle": one.policies.oracle, "explorer": one.policies.explorer, **one.policies.shortcuts}
    hidden = {row["task_id"]: Hidden(**row) for row in rows(folder.parent / "home", Hidden)}
    player = Player(one, Resources(), folder.parent / "worlds")
    for row in rows(folder.parent / "home", Task):
        attempts = {name: player.play(Task(**row), hidden[row["task_id"]], policy) for name, policy in players.items()}
        solved = {name: attempt.solved(process_verifiers=[]) for name, attempt in attempts.items()}
        assert solved == {"oracle": True, "explorer": True, "nothing": False}
        assert {attempt.finished.trajectory.status for attempt in attempts.values()} == {"answered"}


def test_an_entry_point_offers_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip installs it: a package beside its metadata, both on the path."""
    metadata = tmp_path / "site" / "my_package-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Name: my-package\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[horizon_factory.domains]\npoems = my_poems:DOMAIN\n")
    source = (
        "from dataclasses import replace\nfrom flows.domains.search import DOMAIN as search\n"
        "DOMAIN = replace(search, name='poems', composers=())\n"
    )
    (tmp_path / "site" / "my_poems.py").write_text(source)
    code = "from flows.domains import domains; print(*sorted(domains()))"
    assert "poems" in python(code, tmp_path / "site").split()


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("empty", None, "holds no __init__.py"),
        ("broken", "import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("nameless", "", r"must define DOMAIN = Domain\(name='nameless'"),
        ("search", "from flows.domains.search import DOMAIN", "defines a second domain named 'search'"),
    ],
)
def test_a_folder_without_a_domain_is_refused(tmp_path: Path, name: str, source: str | None, message: str) -> None:
    """The message names the folder, since the settings of a user name it, far from the fault."""
    folder = tmp_path / name
    folder.mkdir()
    if source is not None:
        (folder / "__init__.py").write_text(source)
    use_folders([folder])
    try:
        with pytest.raises(DomainError, match=message):
            domains()
    finally:
        use_folders([])
