"""The tool `python` beside an environment's own tools: programs, their files, and the restored pair of worlds."""

import json
from datetime import date
from pathlib import Path

import pytest

from flows.domains import domain
from flows.environments.environment import EnvironmentKind
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.environments.workspace import WORKSPACE, with_python
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings
from schemas import Outcome, Turn
from tests.doubles.domains import available, write_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.flows.environments.workspace.workspaces import require_sandbox
from tests.flows.rollout.test_worlds import GOAL, script
from tests.flows.rollout.timeless import timeless_rows as rows
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
PROGRAM = "from pathlib import Path\nPath('sum.txt').write_text(str(2**64))\nprint(Path('sum.txt').read_text())"


@pytest.fixture
def ledger() -> EnvironmentKind:
    require_sandbox()
    with available():
        return domain("ledger").environment


def test_programs_keep_files_and_the_worlds_are_restored_together(tmp_path: Path, ledger: EnvironmentKind) -> None:
    kind = with_python(ledger)
    world = kind.open("{}", Resources(), tmp_path)
    calls = [
        ToolCall("a", "add", {"account": "bank", "amount": 3}),
        ToolCall("b", "python", {"code": PROGRAM}),
        ToolCall("c", "add", {"account": "bank", "amount": 4}),
    ]
    assert [world.act(one).text for one in calls] == ["bank: 3", str(2**64), "bank: 7"]
    kept = world.checkpoint()
    resumed = kind.open("{}", Resources(), tmp_path)
    assert [one.text for one in resumed.restore(kept, calls)] == ["bank: 3", "", "bank: 7"]
    assert resumed.checkpoint() == kept
    assert resumed.act(ToolCall("d", "python", {"code": "print(open('sum.txt').read())"})).text == str(2**64)
    final = resumed.finish(None)
    assert [one.path for one in final.artifacts] == ["sum.txt"]
    assert final.checks["accounts"] == {"bank": 7}
    resumed.close()


def test_an_environment_with_a_python_of_its_own_stays_as_it_is() -> None:
    setup = json.dumps({"tools": ["bash", "python"]})
    assert [tool.name for tool in with_python(WORKSPACE).tools(setup, "chat")] == ["bash", "python"]


def test_the_settings_give_it_to_a_domain(tmp_path: Path) -> None:
    """The outcome of the domain is judged as before, and its examination sees the domain's own world."""
    require_sandbox()

    def computing(prompt: str, seed: int) -> str:
        return call("python", code=PROGRAM) if spoken(prompt) == 5 else script(prompt, min(seed, 6))

    with available():
        settings = Settings(
            home=tmp_path, rollout=Rollout(max_in_flight=1, tool_workers=0, notes=True, python={"ledger": "python"})
        )
        write_tasks(Lake(settings.lake), DAY, "ledger", [("{}", json.dumps(GOAL))])
        run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(computing)), open_tiny_dialect))
        [outcome] = rows(settings, Outcome)
    assert json.loads(outcome["checks"])["examined"] is True
    assert outcome["environment"] == "ledger+python+notes"
    seen = [row["observation"] for row in rows(settings, Turn, "trajectory_id", "index") if row["tool"] == "python"]
    assert seen[-1] == str(2**64)
