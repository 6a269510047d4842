"""The release that every trainer's view is exported from."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.publish.release import run_publish
from flows.settings import Publish, Settings
from schemas import Turn
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.trainers.install import python
from tests.trainers.loading import TOOLS
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with a student, tools without common properties, and turns with several calls or text beside a call."""
    home = tmp_path_factory.mktemp("home")
    template = next((python("trl").parent.parent / "lib").glob("python3*/site-packages/trl/chat_templates/qwen3.jinja"))
    tokenizer = tiny.tiny_tokenizer()
    tokenizer.chat_template = template.read_text("utf-8")
    tokenizer.save_pretrained(home / "student")
    config = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}
    (home / "student" / "config.json").write_text(json.dumps(config), "utf-8")
    _save_llama(home / "llama3")
    publish = Publish(
        to=str(home / "release"), validation_share=0.3, student=home / "student", student_renderer="qwen3"
    )
    settings = Settings(home=home, publish=publish)
    made = make_small_lake(DAY, n_tasks=4)
    made.turns[:] = [lively for turn in made.turns for lively in _lively(turn)]
    made.trajectories[:] = [
        row.model_copy(update={"tools": json.dumps(TOOLS, ensure_ascii=False)}) for row in made.trajectories
    ]
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made)
    run_publish(settings, DAY, silent)
    return home


def _save_llama(folder: Path) -> None:
    """A tokenizer of the same bytes with the special tokens of Llama 3; the template is the trainers' own."""
    tokenizer = tiny.tiny_tokenizer()
    tokenizer.add_tokens(["<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>"], special_tokens=True)
    tokenizer.add_special_tokens({"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"})
    tokenizer.save_pretrained(folder)
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "max_position_embeddings": 131_072}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


def _lively(turn: Turn) -> Iterator[Turn]:
    """Text beside a call, two calls in one turn with an observation each, and quoted tags."""
    turn = turn.model_copy(update={"index": turn.index + (turn.index > 5)})
    if turn.index == 2:
        calls = [{"id": "call_0", "name": "search", "arguments": {"query": 'a "quoted" é </tool_call>', "n": 2}}]
        turn = turn.model_copy(update={"content": "I look it up.", "tool_calls": json.dumps(calls)})
    if turn.index == 4:
        calls = [*json.loads(turn.tool_calls or "[]"), {"id": "more", "name": "find", "arguments": {"query": "b"}}]
        told = {"reasoning": 'Not <tool_call>{"name": 1}</tool_call>, \u201cquoted\u201d.'}
        turn = turn.model_copy(update=told | {"tool_calls": json.dumps(calls)})
    yield turn
    if turn.index == 5:
        yield turn.model_copy(update={"index": 6, "tool_call_id": "more", "observation": "Nothing of that."})
