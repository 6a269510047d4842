"""Token exactness through the real dialect, client, journal and lake: stored ids equal the ids that the server saw."""

import asyncio
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import pytest

from flows.rollout.dialects.chat import ChatDialect
from flows.rollout.reparse import Reparser
from flows.rollout.run import run_rollout
from flows.settings import Rollout, Settings, Teacher
from schemas import Trajectory, Turn
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import Body, FakeVllm, agent_reply, fake_vllm
from warehouse.connect import connect, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("tokenizer"))


def roll_out(
    folder: Path, tokenizer: Path, fake: FakeVllm, rollout: Rollout | None = None, window: int = 131_072, **task: int
) -> Lake:
    teacher = Teacher(
        engine="vllm",
        urls=[fake.url],
        tokenizer=str(tokenizer),
        renderer="qwen3",
        max_completion_tokens=500,
        context_window=window,
    )
    settings = Settings(home=folder, teacher=teacher, rollout=rollout or Rollout())
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


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["digest", "evict"])
def test_each_segment_is_what_the_server_saw_across_a_compaction(
    kind: Literal["digest", "evict"], tmp_path: Path, tokenizer: Path
) -> None:
    """Copies that are rendered otherwise than the server read them break the ids of every later segment."""

    def reply(ids: list[int], body: Body) -> str:
        asked = "Your context is nearly full" in tiny.decode(ids[-500:])
        text = agent_reply(ids, body, 99)
        return "I found page 7." if asked else text.replace("page", "island lighthouse keeper")

    rollout = Rollout(compact_at=0.6, compaction=kind, max_observation_chars=600, notes=True)
    with fake_vllm(reply=reply) as fake:
        lake = roll_out(tmp_path, tokenizer, fake, rollout, 12_000, max_turns=16, samples=1)
    served = {(one.prompt_ids, one.token_ids) for one in fake.exchanges}
    for turns in episodes(lake):
        segments = [list(group) for _, group in groupby(turns, key=lambda turn: turn["segment"])]
        assert len(segments) > 1
        for segment in segments:
            stream: list[int] = []
            for turn in segment:
                if any(turn["sampled"]):
                    cue = turn["sampled"].index(True)
                    assert (tuple(stream + turn["token_ids"][:cue]), tuple(turn["token_ids"][cue:])) in served
                stream += turn["token_ids"]
    with connect(lake) as con:
        counts = asyncio.run(Reparser(ChatDialect(tiny.tiny_tokenizer(), "qwen3"), lake, con).reparse(DAY, silent))
        found = {name: con.execute(text).fetchall() for name, text in sql_files("checks").items()}
        stored = con.execute("select sum(n_segments), sum(n_tokens) from trajectories").fetchall()
        counted = con.execute("select count(*), sum(n_tokens - n_copied_tokens) from segments").fetchall()
    assert {name: rows for name, rows in found.items() if rows} == {}
    assert stored == counted
    assert counts.turns > 0 and (counts.changed, counts.skipped) == ({}, {})
