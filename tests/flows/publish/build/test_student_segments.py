"""Segments: where a template rewrites earlier turns, a turn is trained on what the student reads when it writes it."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.publish.build.student_segments import Segment, student_segments
from flows.publish.build.student_template import StudentTemplate, tool_schemas
from flows.publish.release import run_publish
from flows.publish.views.export import export
from flows.settings import Settings
from schemas import Manifest, Turn
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_decisions, write_records
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.family_tokenizers import family_tokenizer
from tests.flows.publish.test_publish import DAY, latest, release_rows, settings_of
from warehouse.connect import connect, query
from warehouse.console.progress import silent
from warehouse.lake import Lake

DROPPING = ("qwen3", "qwen3.5", "glm-4.5", "glm-5", "minimax-m2", "nemotron-3", "gemma4")
"""Families whose template drops the reasoning of earlier turns at a later user message."""
FORGETTING = ("kimi-k2.5", pytest.param("gpt-oss", marks=pytest.mark.slow))
"""Families whose template drops the reasoning of an answer as soon as it is given."""
KEEPING = ("qwen3.8", "glm-5.3", "inkling", "hy3", "deepseek-v4", "laguna-xs.2")
"""Families whose template keeps all reasoning; the last three only if thinking is switched on."""
TOOLS = json.dumps([{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {}}}])
Row = dict[str, Any]


@cache
def student_of(family: str) -> StudentTemplate:
    folder = Path(mkdtemp())
    if family == "qwen3":
        return StudentTemplate(tiny.save(folder, tiny.QWEN3_TEMPLATE), "auto")
    for name in ("glm-5", family):
        family_tokenizer(name).save_pretrained(folder)
    return StudentTemplate(folder, family)


def message(role: str, content: str, reasoning: str | None = None, **more: Any) -> Row:
    empty = {"tool_calls": None, "tool_call_id": None, "name": None, "trainable": role == "assistant"}
    return {"role": role, "content": content, "reasoning_content": reasoning} | empty | more


def conversation(rounds: list[tuple[int, bool]], thinks: bool = True) -> Row:
    """A row of questions; each has its number of calls before the answer, and true if the user says two things."""
    messages = [message("system", "Be careful.")]
    for number, (calls, twice) in enumerate(rounds):
        messages += [message("user", f"question {number}"), *([message("user", "and more")] if twice else [])]
        for place in range(calls):
            call = {
                "id": f"functions.look:{number}{place}",
                "name": "look",
                "arguments": {"query": f"q{number}{place}"},
            }
            thought = f"step {number} {place}" if thinks else None
            messages.append(message("assistant", "", thought, tool_calls=json.dumps([call])))
            messages.append(message("tool", f"result {number} {place}", tool_call_id=call["id"], name="look"))
        messages.append(message("assistant", f"answer {number}", f"so {number}" if thinks else None))
    return {"trajectory_id": "t", "messages": messages, "tools": TOOLS}


def seen(template: StudentTemplate, row: Row, end: int, cue: bool = False) -> list[int]:
    """The template's own ids of the first `end` messages, with the opening of the agent's next turn or not."""
    messages = [template.message(one) for one in row["messages"][:end]]
    tools = [template.guarded(tool) for tool in tool_schemas(row["tools"])]
    writer = template.writers(row["messages"]).plain
    return list(writer.render(messages, tools=tools, add_generation_prompt=cue).token_ids)


def masked(segment: Segment) -> list[int]:
    return [token for token, mine in zip(segment.ids, segment.mask, strict=True) if mine]


ROUNDS = st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=3)


@pytest.mark.parametrize("family", [*DROPPING, *FORGETTING, *KEEPING])
@settings(max_examples=6, deadline=None)
@given(rounds=ROUNDS)
def test_every_turn_is_trained_once_on_what_the_student_reads(family: str, rounds: list[tuple[int, bool]]) -> None:
    """A turn in no segment is lost, in two it counts double, and after another prefix it is trained on a fiction."""
    template, row = student_of(family), conversation(rounds)
    segments = student_segments(row, template)
    turns = [number for number, one in enumerate(row["messages"]) if one["role"] == "assistant"]
    assert [turn for segment in segments for turn in segment.trained] == turns
    assert len(segments) == (1 if family in KEEPING else len(rounds))
    for segment in segments:
        assert segment.ids == seen(template, row, segment.end) or family in ("kimi-k2.5", "gpt-oss")
        text = template._decode(masked(segment))
        for turn in turns:
            assert (row["messages"][turn]["reasoning_content"] in text) == (turn in segment.trained)
            if turn in segment.trained:
                prompt = seen(template, row, turn, cue=True)
                assert segment.ids[: len(prompt)] == prompt
        before = [turn for turn in turns if turn < segment.trained[0]]
        assert list(segment.dropped) == before


@pytest.mark.parametrize("family", ["qwen3", "glm-5", "kimi-k2", "deepseek-v3", "llama-3", "minimax-m2", "inkling"])
def test_a_conversation_without_reasoning_is_one_segment(family: str) -> None:
    """A chat of twenty questions would otherwise become twenty rows that repeat its beginning."""
    [segment] = student_segments(conversation([(1, False), (0, True)], thinks=False), student_of(family))
    assert segment.trained == (2, 4, 7)


def test_a_leading_think_block_in_the_content_is_reasoning() -> None:
    """Spelled as plain text it would teach the student to write its reasoning beside its own channel."""
    template, row = student_of("qwen3"), conversation([(0, False)], thinks=False)
    row["messages"][-1]["content"] = "<think>\nwhy\n</think>\n\n42 is in <think> tags"
    [segment] = student_segments(row, template)
    asked = conversation([(0, False)])
    asked["messages"][-1] |= {"content": "42 is in <think> tags", "reasoning_content": "why"}
    assert segment.ids == student_segments(asked, template)[0].ids


def test_a_turn_of_weight_zero_is_trained_nowhere() -> None:
    """The set's makers exclude such a turn from training."""
    row = conversation([(0, False), (0, False)])
    row["messages"][2]["trainable"] = False
    [segment] = student_segments(row, student_of("qwen3"))
    assert (segment.trained, segment.dropped) == ((4,), (2,))


@pytest.fixture(scope="module")
def chats(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release for a Qwen3 student: trajectories with a second question, and a turn whose tokens are not sampled."""
    home = tmp_path_factory.mktemp("chats")
    student = tiny.save(home / "student", tiny.QWEN3_TEMPLATE)
    made = make_small_lake(DAY, n_tasks=4)
    made.turns[:] = [asked_again(made, turn) for turn in made.turns]
    settings = settings_of(home, student=student)
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made)
    run_publish(settings, DAY, silent)
    return settings


def asked_again(made: SmallLake, turn: Turn) -> Turn:
    """In every second trajectory, the second tool result as a user message; every turn of the agent reasons."""
    places = {row.trajectory_id: place for place, row in enumerate(made.trajectories)}
    if turn.role == "assistant":
        return turn.model_copy(update={"reasoning": f"thought {turn.index}"})
    if turn.role == "tool" and turn.index == 5 and places[turn.trajectory_id] % 2:
        return turn.model_copy(update={"role": "user", "content": "And then?", "observation": None, "tool": None})
    return turn


def test_a_release_holds_one_marked_row_per_segment_and_counts_both(chats: Settings) -> None:
    """Rows that are not told from trajectories break every count of a release, and every trainer that shuffles."""
    rows, manifest = release_rows(chats), Manifest.model_validate_json((latest(chats) / "manifest.json").read_bytes())
    ids = list(dict.fromkeys(row["trajectory_id"] for row in rows))
    assert (manifest.rows, manifest.trajectories, manifest.unrendered) == (len(rows), len(ids), {})
    assert manifest.tokens == sum(row["n_tokens"] for row in rows) == sum(len(row["token_ids"]) for row in rows)
    for number in ids:
        own = [row for row in rows if row["trajectory_id"] == number]
        assert [row["student_segment"] for row in own] == list(range(own[0]["student_segments"]))
        agents = [place for place, one in enumerate(own[-1]["messages"]) if one["role"] == "assistant"]
        assert [place for row in own for place in row["student_trained"]] == agents
        assert [bool(row["token_ids"]) for row in own] == [False] * (len(own) - 1) + [True]
        for row in own:
            trainable = [place for place, one in enumerate(row["messages"]) if one["trainable"]]
            assert trainable == row["student_trained"]
    assert {row["student_segments"] for row in rows} == {1, 2}
    card = (latest(chats) / "README.md").read_text("utf-8")
    assert f"{len(ids)} trajectories take up {len(rows)} rows" in card
    with connect(Lake(chats.lake)) as con:
        assert con.execute(query("checks", "release_rows")).fetchall() == []
        for number, shard, place in con.execute("select trajectory_id, shard, row from published").fetchall():
            row = pq.read_table(latest(chats) / shard).slice(place, 1).to_pylist()[0]
            assert (row["trajectory_id"], row["student_segment"]) == (number, 0)


def test_views_show_what_the_student_sees_and_atif_the_whole(chats: Settings, tmp_path: Path) -> None:
    """A trainer that renders a hidden thought, or trains a turn in two rows, learns from what never happens."""
    rows = release_rows(chats)
    for view in ("ms-swift", "atif", "verl"):
        export(Path(chats.publish.to), view, tmp_path / view, silent)
    lines = [line for file in sorted(tmp_path.glob("ms-swift/*.jsonl")) for line in file.read_text().splitlines()]
    for row, line in zip(rows, lines, strict=True):
        shown, told = json.loads(line)["messages"], [one for one in row["messages"] if one["trainable"]]
        assert line.count("<think>") == len(told) == len(row["student_trained"])
        assert all(("loss" in one) == ("<think>" not in one["content"]) for one in shown if one["role"] == "assistant")
    whole = [line for file in sorted(tmp_path.glob("atif/*.jsonl")) for line in file.read_text().splitlines()]
    assert len(whole) == len({row["trajectory_id"] for row in rows})
    assert all(line.count('"reasoning_content"') == line.count('"source":"agent"') for line in whole)
    exact = [row for file in sorted(tmp_path.glob("verl/*.parquet")) for row in pq.read_table(file).to_pylist()]
    assert [(row["input_ids"], row["loss_mask"]) for row in exact] == [
        (row["student_token_ids"], row["student_loss_mask"]) for row in rows
    ]
