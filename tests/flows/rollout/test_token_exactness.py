"""Token exactness through the real dialect, client, journal and lake: stored ids equal the ids that the server saw."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.rollout.run import run_rollout
from flows.settings import Settings, Teacher
from schemas import Trajectory, Turn
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import FakeVllm, agent_reply, fake_vllm
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tokenizer"))


def roll_out(folder: Path, tokenizer: Path, fake: FakeVllm, **task: int) -> Lake:
    teacher = Teacher(
        engine="vllm", urls=[fake.url], tokenizer=str(tokenizer), renderer="qwen3", max_completion_tokens=500
    )
    settings = Settings(home=folder, teacher=teacher)
    write_wiki_tasks(Lake(settings.lake), DAY, 2, **task)
    run_rollout(settings, DAY, silent)
    return Lake(settings.lake)


def rows(lake: Lake, model: type[Trajectory] | type[Turn]) -> list[dict[str, Any]]:
    return [row for part in lake.parts(model) for row in pq.read_table(part, partitioning=None).to_pylist()]


def episodes(lake: Lake) -> Iterator[list[dict[str, Any]]]:
    for _, turns in groupby(rows(lake, Turn), key=lambda row: row["trajectory_id"]):
        yield list(turns)


@pytest.mark.slow
def test_thirty_turns_are_stored_with_the_ids_of_the_server(tmp_path: Path, tokenizer: Path) -> None:
    with fake_vllm(reply=lambda ids, body: agent_reply(ids, body, 30)) as fake:
        lake = roll_out(tmp_path, tokenizer, fake, max_turns=40, samples=2)
    served = {(one.prompt_ids, one.token_ids) for one in fake.exchanges}
    for turns in episodes(lake):
        stream: list[int] = []
        agent_turns = [turn for turn in turns if turn["role"] == "assistant"]
        assert len(agent_turns) == 30
        for turn in turns:
            if turn["role"] == "assistant":
                cue = turn["sampled"].index(True)
                sampled = turn["token_ids"][cue:]
                assert (tuple(stream + turn["token_ids"][:cue]), tuple(sampled)) in served
                assert all(turn["sampled"][cue:])
                assert len(turn["logprobs"]) == len(sampled)
            else:
                assert not any(turn["sampled"])
            stream += turn["token_ids"]
        assert tiny.decode(stream).count("<think>\nturn ") == 29
    assert {row["status"] for row in rows(lake, Trajectory)} == {"answered"}


@pytest.mark.slow
def test_at_the_turn_cap_earlier_reasoning_stays_in_the_stream(tmp_path: Path, tokenizer: Path) -> None:
    with fake_vllm(reply=lambda ids, body: agent_reply(ids, body, 5)) as fake:
        lake = roll_out(tmp_path, tokenizer, fake, max_turns=4, samples=1)
    assert {row["status"] for row in rows(lake, Trajectory)} == {"turn_cap"}
    assert all(row["answer"].startswith("The answer is") for row in rows(lake, Trajectory))
    last = max(fake.exchanges, key=lambda one: len(one.prompt_ids))
    text = tiny.decode(last.prompt_ids)
    assert text.count("<think>\nturn ") == 4
    assert "final answer now" in text.rsplit("<tool_response>", 1)[1]
