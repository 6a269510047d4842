"""Tasks written by hand for a real server of PyPI, from the settings to the verdict."""

import json
import sys
from datetime import date
from pathlib import Path

import pytest

from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings, Tasks
from flows.settings.environments import Environments, McpServer
from flows.tasks.compose import run_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
LINES = [
    {"instruction": "It is 12:00 in UTC. How late is it in Kolkata? Reply as HH:MM.", "answer": "17:30"},
    {"instruction": "And in Tokyo?", "answer": "21:00", "tools": ["no_such_tool"]},
    {"instruction": "No answer"},
]


def script(prompt: str, seed: int) -> str:
    """One call, then its answer."""
    if spoken(prompt) == 0:
        return call("convert_time", source_timezone="UTC", time="12:00", target_timezone="Asia/Kolkata")
    assert "17:30:00+05:30" in prompt
    return "17:30"


@pytest.mark.slow
def test_a_line_becomes_a_task_its_attempt_calls_the_server_and_is_judged(tmp_path: Path) -> None:
    """Without this nobody could use a tool server of their own in a night."""
    file = tmp_path / "tasks.jsonl"
    file.write_text("\n".join(map(json.dumps, LINES)))
    server = McpServer(
        name="time", command=sys.executable, args=["-m", "mcp_server_time", "--local-timezone=UTC"], tasks=file
    )
    settings = Settings(
        home=tmp_path, environments=Environments(mcp=[server]), rollout=Rollout(tool_workers=0),
        tasks=Tasks(share={"mcp_server": 1.0}, per_night=5, samples=1),
    )  # fmt: skip
    counts = run_tasks(settings, DAY, silent, lambda *_: pytest.fail("no teacher is needed"))
    assert counts["composed"] == counts["refused:unknown_tool"] == counts["refused:invalid_line"] == 1
    assert run_tasks(settings, date(2026, 1, 3), silent, lambda *_: pytest.fail("no teacher"))["composed"] == 0
    rolled = run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(script)), open_tiny_dialect))
    assert rolled["finished"] == 1
    with connect(Lake(settings.lake)) as con:
        assert con.sql("select verifier, passed from verdicts order by all").fetchall()[0] == ("contains_answer", True)
        [(checks,)] = con.sql("select checks from outcomes").fetchall()
        assert json.loads(checks) == {"calls": 1}
        [(tools,)] = con.sql("select tools from trajectories").fetchall()
        assert {tool["name"] for tool in json.loads(tools)} == {"convert_time", "get_current_time"}
