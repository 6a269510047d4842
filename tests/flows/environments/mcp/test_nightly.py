"""Tasks written by hand for a real server of PyPI, from the settings to the verdict."""

import json
import os
import re
import sys
from datetime import date
from pathlib import Path

import pytest

from flows.rollout.run import Factories, run_rollout
from flows.settings import load
from flows.tasks.compose import run_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
GUIDE = Path(__file__).parents[4] / "flows" / "domains" / "mcp_server" / "README.md"
BAD_LINES = ['{"instruction": "And in Tokyo?", "answer": "21:00", "tools": ["no_such_tool"]}', '{"instruction": "?"}']


def script(prompt: str, seed: int) -> str:
    """One call, then its answer."""
    if spoken(prompt) == 0:
        return call("convert_time", source_timezone="UTC", time="12:00", target_timezone="Asia/Kolkata")
    assert "17:30:00+05:30" in prompt
    return "17:30"


@pytest.mark.slow
def test_the_example_of_the_guide_becomes_a_task_whose_attempt_calls_the_server_and_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without this a night could use no tool server of the user's own."""
    toml, lines = re.findall(r"```(?:toml|json)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    Path("factory.toml").write_text(f"{toml}\n[rollout]\ntool_workers = 0\n")
    Path("time.jsonl").write_text("\n".join([lines.strip(), *BAD_LINES]))
    settings = load()
    counts = run_tasks(settings, DAY, silent, lambda *_: pytest.fail("no teacher is needed"))
    assert counts["composed"] == counts["refused:unknown_tool"] == counts["refused:invalid_line"] == 1
    assert run_tasks(settings, date(2026, 1, 3), silent, lambda *_: pytest.fail("no teacher"))["composed"] == 0
    rolled = run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(script)), open_tiny_dialect))
    assert rolled["finished"] == settings.tasks.samples
    with connect(Lake(settings.lake)) as con:
        assert con.sql("select verifier, passed from verdicts order by all").fetchall()[0] == ("contains_answer", True)
        [(checks,)] = con.sql("select distinct checks from outcomes").fetchall()
        assert json.loads(checks) == {"calls": 1}
        [(tools,)] = con.sql("select distinct tools from trajectories").fetchall()
        assert {tool["function"]["name"] for tool in json.loads(tools)} == {"convert_time", "get_current_time"}
