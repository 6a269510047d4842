"""Tasks that cannot be folders are left out of an export by their reason, and the others are written."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.environments.services.setup import Setup
from tests.doubles.domains import write_tasks
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
OFFICE = (Setup(services=["files"]).to_json(), json.dumps({"watched": ["files"], "delta": {}}))
GOAL = {"language": "javascript", "tests": {}, "fail_to_pass": [], "pass_to_pass": []}
JAVASCRIPT = (json.dumps({"image": "python", "tree": {"kind": "none"}}), json.dumps(GOAL))


def test_a_task_without_a_checker_or_a_folder_is_left_out_by_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder whose checker runs the wrong program would call every solution wrong."""
    monkeypatch.chdir(tmp_path)
    write_tasks(Lake(tmp_path / "lake"), DAY, "general_agentic", [OFFICE])
    write_tasks(Lake(tmp_path / "lake"), date(2026, 1, 3), "engineering", [JAVASCRIPT])
    result = CliRunner().invoke(app, ["tasks", "export", "--out", "out"])
    assert result.exit_code == 0, result.output
    assert "0 folders in out" in result.output
    assert "1 task left out: folders have no checker for tests in javascript" in result.output
    assert "1 task left out: the world of the domain is no folder of files" in result.output
