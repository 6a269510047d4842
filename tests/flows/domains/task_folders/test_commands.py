"""Task folders through the commands that a user runs: compose them once, see refusals, write them again."""

import os
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.environments.sandbox import unavailable
from flows.settings import load
from flows.tasks.compose import run_tasks
from tests.flows.domains.task_folders.folders import write_folder
from warehouse.console.progress import silent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        unavailable() is not None and not os.environ.get("FACTORY_REQUIRE_SANDBOX"), reason=str(unavailable())
    ),
]
SETTINGS = """[tasks]
per_night = 4
folders = ["mine"]
composers = ["harbor"]
[tasks.share]
task_folders = 1
"""


def compose(day: date) -> dict[str, int | str]:
    return run_tasks(load(), day, silent, lambda *_: pytest.fail("no folder needs a teacher"))


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_each_folder_becomes_one_task_and_comes_out_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is no task of every night, and one that cannot be a task is counted with its reason."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "factory.toml").write_text(SETTINGS)
    write_folder(tmp_path / "mine" / "good")
    write_folder(tmp_path / "mine" / "unsolved", instruction_md="Sort them.\n", solution__solve_sh="true\n")
    write_folder(tmp_path / "mine" / "gpu", environment__Dockerfile="FROM nvidia/cuda:12.4\nWORKDIR /app\n")
    compose(date(2026, 1, 2))
    shown = run("tasks", "audit")
    assert "base_image" in shown
    assert "probe_oracle" in shown
    assert "Sort the words" in shown
    assert compose(date(2026, 1, 3))["composed"] == 0
    assert "1 folders in out · task_folders: 1" in run("tasks", "export", "--out", "out")
    made = next((tmp_path / "out").iterdir())
    assert (made / "solution" / "solve.sh").read_text() == (
        tmp_path / "mine/good/sort-words/solution/solve.sh"
    ).read_text()
    assert "FROM python:3.11-slim-bookworm\n" in (made / "environment" / "Dockerfile").read_text()
