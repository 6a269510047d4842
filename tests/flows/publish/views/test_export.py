"""Views: each trainer reads the content of the release, with nothing lost or added."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow.parquet as pq
import pytest

from flows.publish.errors import PublishError
from flows.publish.release import run_publish
from flows.publish.views.export import export
from flows.publish.views.registry import LAKE_VIEWS, RELEASE_VIEWS, load_lake_view, load_release_view
from flows.publish.views.view import LakeView, ReleaseView
from flows.settings import Publish, Settings
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of two splits."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, publish=Publish(to=str(home / "release"), validation_share=0.3))
    made = make_small_lake(DAY, n_tasks=10)
    made.turns[:] = [
        turn.model_copy(update={"reasoning": "hm, \u201cquoted\u201d"}) if turn.index == 2 else turn
        for turn in made.turns
    ]
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made)
    run_publish(settings, DAY, silent)
    return home / "release"


def rows_of(release: Path) -> list[dict[str, Any]]:
    shards = sorted((release / "latest" / "data").glob("train-*.parquet"))
    return [row for shard in shards for row in pq.read_table(shard).to_pylist()]


def lines_of(release: Path, view: str, out: Path) -> list[dict[str, Any]]:
    counts = export(release, view, out, silent)
    lines = [json.loads(line) for line in (out / "train.jsonl").read_text("utf-8").splitlines()]
    assert counts["train"] == len(lines) and set(counts) == {"train", "validation"}
    return lines


@pytest.mark.parametrize("view", ["trl", "prime-rl"])
def test_openai_messages_load_in_datasets_with_every_call_and_tool(release: Path, view: str, tmp_path: Path) -> None:
    """Calls padded with nulls, or lost tools, train an agent on tools that it never had."""
    export(release, view, tmp_path, silent)
    [file] = tmp_path.glob("train.*")
    form = {".jsonl": "json", ".parquet": "parquet"}[file.suffix]
    loaded = datasets.load_dataset(form, data_files={"train": str(file)}, cache_dir=str(tmp_path / "cache"))["train"]
    for row, exported in zip(rows_of(release), loaded, strict=True):
        assert json.loads(exported["tools"]) == json.loads(row["tools"])
        for message, loaded_message in zip(row["messages"], exported["messages"], strict=True):
            assert (loaded_message["role"], loaded_message["content"]) == (message["role"], message["content"] or "")
            assert loaded_message["reasoning_content"] == message["reasoning_content"]
            calls = [
                {
                    "id": call["id"],
                    "name": call["function"]["name"],
                    "arguments": _mapping(call["function"]["arguments"]),
                }
                for call in loaded_message["tool_calls"] or []
            ]
            assert calls == json.loads(message["tool_calls"] or "[]")


def _mapping(arguments: str | dict[str, Any]) -> Any:
    return json.loads(arguments) if isinstance(arguments, str) else arguments


def test_a_call_keeps_only_its_own_arguments_as_a_mapping_for_trl(release: Path, tmp_path: Path) -> None:
    """Qwen3.5's template fails on string arguments, and writes every null as an argument of the agent."""
    export(release, "trl", tmp_path, silent)
    loaded = datasets.load_dataset("parquet", data_files=str(tmp_path / "train.parquet"), split="train", streaming=True)
    names = {
        tuple(call["function"]["arguments"])
        for row in loaded
        for message in row["messages"]
        for call in message["tool_calls"] or []
    }
    assert names == {("query",), ("url",)}


def test_verl_reads_messages_and_tools_as_its_dataset_does(release: Path, tmp_path: Path) -> None:
    """MultiTurnSFTDataset uses pandas.read_parquet with Arrow types, messages and tools as lists of dicts."""
    export(release, "verl", tmp_path, silent)
    frame = pd.read_parquet(tmp_path / "train.parquet", dtype_backend="pyarrow")
    for name, column in (("token_ids", "input_ids"), ("loss_mask", "loss_mask")):
        assert [list(ids) for ids in frame[column]] == [row[name] for row in rows_of(release)]
    for row, messages, tools in zip(rows_of(release), frame["messages"], frame["tools"], strict=True):
        assert [message["content"] for message in messages] == [one["content"] or "" for one in row["messages"]]
        assert [tool["function"]["name"] for tool in tools] == [
            tool["function"]["name"] for tool in json.loads(row["tools"])
        ]


def test_swift_gets_calls_and_observations_as_messages(release: Path, tmp_path: Path) -> None:
    """ms-swift has the roles system, user, assistant, tool_call and tool_response, with JSON in tool_call."""
    for row, exported in zip(rows_of(release), lines_of(release, "ms-swift", tmp_path), strict=True):
        calls = [json.loads(one["content"]) for one in exported["messages"] if one["role"] == "tool_call"]
        made = [call for one in row["messages"] for call in json.loads(one["tool_calls"] or "[]")]
        assert calls == [{"name": call["name"], "arguments": call["arguments"]} for call in made]
        results = [one["content"] for one in exported["messages"] if one["role"] == "tool_response"]
        assert results == [one["content"] for one in row["messages"] if one["role"] == "tool"]
        assert {one["role"] for one in exported["messages"]} <= {
            "system",
            "user",
            "assistant",
            "tool_call",
            "tool_response",
        }
        thoughts = [one["reasoning_content"] for one in row["messages"] if one["reasoning_content"]]
        assert [
            one["content"].split("\n")[1] for one in exported["messages"] if "<think>" in one["content"]
        ] == thoughts


def test_llama_factory_finds_turns_that_alternate_and_its_dataset_info(release: Path, tmp_path: Path) -> None:
    """LLaMA-Factory skips, with a warning only, every row with roles that do not alternate."""
    odd, even = {"human", "observation"}, {"gpt", "function_call"}
    for exported in lines_of(release, "llama-factory", tmp_path):
        roles = [turn["from"] for turn in exported["conversations"]]
        assert len(roles) % 2 == 0 and set(roles[::2]) <= odd and set(roles[1::2]) <= even
        assert exported["system"] and all("name" in tool for tool in json.loads(exported["tools"]))
        for turn in exported["conversations"]:
            if turn["from"] == "function_call":
                assert json.loads(turn["value"].rpartition("</think>")[2])
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert {one["file_name"] for one in info.values()} == {"train.jsonl", "validation.jsonl"}


def test_atif_steps_hold_every_sampled_id_and_each_observation_beside_its_call(release: Path, tmp_path: Path) -> None:
    """Lost token ids cannot be recovered."""
    for row, exported in zip(rows_of(release), lines_of(release, "atif", tmp_path), strict=True):
        steps = exported["steps"]
        assert [step["step_id"] for step in steps] == list(range(1, len(steps) + 1))
        assert {step["source"] for step in steps} == {"system", "user", "agent"}
        sampled = [token for step in steps for token in step.get("metrics", {}).get("completion_token_ids", [])]
        assert sampled == [token for token, mine in zip(row["token_ids"], row["loss_mask"], strict=True) if mine]
        assert [p for step in steps for p in step.get("metrics", {}).get("logprobs", [])] == row["logprobs"]
        for step in steps:
            called = [call["tool_call_id"] for call in step.get("tool_calls", [])]
            assert [one["source_call_id"] for one in step.get("observation", {}).get("results", [])] == called


@pytest.mark.parametrize(("view", "place"), [("nothing", "."), ("trl", "elsewhere")])
def test_an_unknown_view_or_release_is_refused_and_nothing_is_written(
    release: Path, view: str, place: str, tmp_path: Path
) -> None:
    """An empty export looks like an empty release."""
    with pytest.raises(PublishError, match="there is no"):
        export(release / place, view, tmp_path / "out", silent)
    assert not (tmp_path / "out").exists()


def test_every_view_of_the_same_release_is_the_same_bytes(release: Path, tmp_path: Path) -> None:
    """A difference between two exports must mean a difference between two releases."""
    for view in RELEASE_VIEWS:
        for number in ("one", "two"):
            export(release, view, tmp_path / view / number, silent)
        first, second = (sorted((tmp_path / view / number).iterdir()) for number in ("one", "two"))
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_every_view_of_the_registry_loads() -> None:
    assert all(isinstance(load_release_view(name), ReleaseView) for name in RELEASE_VIEWS)
    assert all(isinstance(load_lake_view(name), LakeView) for name in LAKE_VIEWS)
