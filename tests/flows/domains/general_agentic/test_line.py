"""The line with general agentic tasks alone: composed without a page, worked by a scripted server, released."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.domains.general_agentic.solution import Shown, calls, from_json
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import assistant_turns, fake_vllm
from warehouse.connect import connect
from warehouse.lake import Lake
from warehouse.query import run_checks

ROOT = Path(__file__).parents[4]
SETTINGS = """
[tasks]
per_night = 2
samples = 1
seed = 2
max_tokens = 262144
[tasks.share]
general_agentic = 1
[teacher]
engine = "vllm"
urls = ["{teacher}"]
model = "tiny-qwen3"
tokenizer = "{tokenizer}"
renderer = "qwen3"
context_window = 262144
"""


class Clerk:
    """Knows the solutions of the tasks in a lake, and makes their calls one by one."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        self.solutions: dict[str, list[Shown]] = {}

    def __call__(self, prompt_ids: list[int], body: dict[str, Any]) -> str:
        prompt, done = tiny.decode(prompt_ids), assistant_turns(prompt_ids)
        known = self._known() if self.solutions or list(self.lake.glob("task/*/*.parquet")) else {}
        solution = next((found for instruction, found in known.items() if instruction in prompt), [])
        if done >= len(solution):
            return "All of it is done."
        name, arguments = solution[done]
        call = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
        return f"<think>\nstep {done} of the work\n</think>\n\n<tool_call>\n{call}\n</tool_call>"

    def _known(self) -> dict[str, list[Shown]]:
        if not self.solutions:
            hidden = {row["task_id"]: row["oracle"] for row in self._rows("hidden")}
            for task in self._rows("task"):
                self.solutions[task["instruction"]] = list(calls(from_json(hidden[task["task_id"]])))
        return self.solutions

    def _rows(self, record: str) -> list[dict[str, Any]]:
        parts = sorted(self.lake.glob(f"{record}/*/*.parquet"))
        return [row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]


@pytest.mark.slow
def test_a_night_of_general_agentic_tasks_ends_in_a_release(tmp_path: Path) -> None:
    """A long domain could compose tasks that no later step can work, judge or publish."""
    tiny.save(tmp_path / "tokenizer")
    home = tmp_path / "home"
    home.mkdir()
    with fake_vllm(reply=Clerk(home / "lake"), context=262_144) as teacher:
        (home / "factory.toml").write_text(
            SETTINGS.format(teacher=teacher.url, tokenizer=tmp_path / "tokenizer"), "utf-8"
        )
        command = [sys.executable, "-m", "tests.doubles.line", "2026-01-01"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    with connect(Lake(home / "lake")) as con:
        assert dict(con.sql("select fate, count(*) from fates group by 1").fetchall()) == {"published": 2}
        assert con.sql("select count(*), count(distinct digest) from outcomes").fetchall() == [(2, 2)]
        judged = "select distinct verifier, passed from verdicts where turn_index is null order by 1"
        verifiers = ("goal_state", "no_collateral", "policy_kept", "user_fidelity")
        assert con.sql(judged).fetchall() == [(name, True) for name in verifiers]
        assert con.sql("select min(n_tool_calls) from trajectories").fetchall()[0][0] > 20
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
    assert json.loads((home / "release/latest/manifest.json").read_text())["shards"]
