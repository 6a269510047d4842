"""Pairs and RL tasks, loaded by their trainers: TRL's DPO and GRPO, verl's RL.

Needs the trainers' environments (see test_trainers.py). The expected ids come from another library (renderers),
whose Qwen3 renderer is hand-written; the trainers use Qwen3's template.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from renderers import Qwen3RendererConfig, create_renderer

from flows.publish.views.dpo_and_rl import write_rl_tasks, write_trl_pairs
from flows.settings import Settings
from schemas import Turn
from tests.doubles.lakes.small_lake import Kind, make_small_lake, write_decisions, write_records
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.trainers.install import python
from tests.trainers.loading import Row, made_by, needs_trainers
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

pytestmark = [needs_trainers, pytest.mark.slow]
DAY = date(2026, 1, 2)
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "description": "é", "parameters": {"type": "object", "properties": properties}},
    }
    for name, properties in {
        "search": {"query": {"type": "string"}},
        "open": {"url": {"type": "string"}, "page": {"type": "integer", "default": None}},
        "find": {"query": {"type": "string"}},
    }.items()
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs and tasks of a lake with one failed attempt of two in three of four tasks, and text beside a call."""
    home = tmp_path_factory.mktemp("home")
    lake = Lake(Settings(home=home).lake)
    kinds: dict[tuple[int, int], Kind] = {(0, 1): "wrong", (1, 0): "wrong", (2, 1): "wrong"}
    made = make_small_lake(DAY, n_tasks=4, kinds=kinds)
    made.turns[:] = [_lively(turn) for turn in made.turns]
    told = {"tools": json.dumps(TOOLS, ensure_ascii=False)}
    made.trajectories[:] = [row.model_copy(update=told) for row in made.trajectories]
    write_records(lake, DAY, made)
    write_decisions(lake, DAY, made, {id: ["outcome:wrong_answer"] for id in made.of_kind("wrong")})
    with connect(lake) as con:
        _export(con, lake, home)
    template = next((python("trl").parent.parent / "lib").glob("python3*/site-packages/trl/chat_templates/qwen3.jinja"))
    tokenizer = tiny.tiny_tokenizer()
    tokenizer.chat_template = template.read_text("utf-8")
    tokenizer.save_pretrained(home / "student")
    (home / "student" / "config.json").write_text(json.dumps({"model_type": "qwen3"}), "utf-8")
    (home / "turns.json").write_text(json.dumps(_turns(made.turns)), "utf-8")
    return home


def _export(con: duckdb.DuckDBPyConnection, lake: Lake, home: Path) -> None:
    assert write_trl_pairs(con, lake, 0, home / "pairs.parquet", silent) == (3, 0)
    assert write_rl_tasks(con, home / "tasks.parquet") == 3


def _lively(turn: Turn) -> Turn:
    if turn.index != 2 or turn.role != "assistant":
        return turn
    calls = [{"id": "call_0", "name": "search", "arguments": {"query": 'a "quoted" é </tool_call>', "n": 2}}]
    return turn.model_copy(update={"content": "I look it up.", "tool_calls": json.dumps(calls)})


def _turns(turns: list[Turn]) -> dict[str, list[Row]]:
    """Each trajectory's turns as messages of OpenAI's API."""
    messages: dict[str, list[Row]] = {}
    for turn in turns:
        message: Row = {"role": turn.role, "content": turn.observation if turn.role == "tool" else turn.content or ""}
        if turn.reasoning:
            message["reasoning_content"] = turn.reasoning
        if turn.tool_calls:
            calls = [{"type": "function", "function": call} for call in json.loads(turn.tool_calls)]
            message["tool_calls"] = calls
        messages.setdefault(turn.trajectory_id, []).append(message)
    return messages


def _rendered(messages: list[Row], **how: Any) -> list[int]:
    renderer = create_renderer(tiny.tiny_tokenizer(), Qwen3RendererConfig(thinking_retention="all"))
    return list(renderer.render_ids(messages, tools=TOOLS, **how))


def test_dpo_compares_the_two_attempts_token_for_token(home: Path) -> None:
    """Swapped sides, a prompt without tools, or lost calls would train on the rejected behaviour."""
    seen = made_by("trl", "trl_dpo", home, str(home / "pairs.parquet"), str(home / "student"), "qwen3")
    turns = json.loads((home / "turns.json").read_text("utf-8"))
    answered = {tuple(_rendered(messages)): messages for messages in turns.values()}
    rows = pq.read_table(home / "pairs.parquet").to_pylist()
    assert len(seen) == 2 * len(rows) == 6
    for row, chosen, rejected in zip(rows, seen[::2], seen[1::2], strict=True):
        for side, right in ((chosen, True), (rejected, False)):
            whole = answered[tuple(side["prompt"] + side["completion"])]
            assert side["prompt"] == _rendered(whole[:2], add_generation_prompt=True)
            assert (whole[-1]["content"] != "Something else") == right
        assert chosen["prompt"] == rejected["prompt"]
        assert row["rejected_reasons"] == ["outcome:wrong_answer"]


def test_a_grpo_step_asks_each_task_and_rewards_with_its_truth(home: Path) -> None:
    """A reward function with another task's answer, or without verifiers, trains on noise."""
    seen = made_by("trl", "trl_grpo", home, str(home / "tasks.parquet"), str(home / "student"), "qwen3")
    rows = {row["task_id"]: row for row in pq.read_table(home / "tasks.parquet").to_pylist()}
    assert len(seen) == 6 and {one["task_id"] for one in seen} == set(rows)
    renderer = create_renderer(tiny.tiny_tokenizer(), Qwen3RendererConfig())
    for one in seen:
        task = rows[one["task_id"]]
        assert {name: one[name] for name in ("answer", "verifiers", "setup", "tools")} == {
            name: task[name] for name in ("answer", "verifiers", "setup", "tools")
        }
        asked = [{"role": "system", "content": task["system"]}, {"role": "user", "content": task["instruction"]}]
        assert one["prompt"] == asked
        assert one["ids"] == list(renderer.render_ids(asked, add_generation_prompt=True))


def test_verl_rolls_out_each_task_and_scores_it_by_its_truth(home: Path) -> None:
    """RLHFDataset takes any columns: a missing one is a KeyError hours into a run, or no reward."""
    seen = made_by("verl", "verl_rl", home, str(home / "tasks.parquet"), str(home / "student"), "qwen3")
    for place, (task, one) in enumerate(
        zip(pq.read_table(home / "tasks.parquet").to_pylist(), seen, strict=True),
    ):
        asked = [{"role": "system", "content": task["system"]}, {"role": "user", "content": task["instruction"]}]
        assert one["raw_prompt"] == asked
        assert one["ids"] == _rendered(asked, add_generation_prompt=True)
        assert (one["data_source"], one["index"]) == (task["domain"], place)
        assert one["reward_model"] == {"style": "rule", "ground_truth": task["answer"]}
        told = {name: task[name] for name in ("task_id", "verifiers", "setup", "tools")}
        assert one["extra_info"] == told | {"index": place}
