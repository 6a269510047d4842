"""Nothing of a message is lost in silence: reasoning, pairing, weights, images, broken calls and endings."""

# ruff: noqa: E501 (a message is easier to read on one line)
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.file_reader import rows_of
from flows.imports.formats.conversation import NOTES, Attempt, Message, Refused
from flows.imports.formats.registry import attempt_of
from flows.imports.importer import Importer
from flows.imports.to_rows import notes_of
from flows.imports.to_turns import kind_of
from flows.publish.release import run_publish
from flows.publish.views.llama_factory import llama_factory
from flows.refine.decide import run_refine
from flows.settings import Publish, Settings
from tests.doubles.teachers.tiny_tokenizer import save
from tests.flows.imports.published import SEARCH, called, event
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

USER = {"role": "user", "content": "What is the capital of Mali?"}


def read(*messages: dict[str, Any], **row: Any) -> Attempt:
    return attempt_of({"messages": [USER, *messages]} | row, "messages")


def result(id: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Let me look."},
        {"reasoning": "Let me look."},
        {"thinking": "Let me look."},
        {"thought": "Let me look."},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Let me look."}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Let me look."}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Let me look.", "signature": "x"}]},
        {"reasoning": "Let me look.", "reasoning_details": [{"type": "reasoning.text", "text": "Let me look."}]},
        {"content": "<think>\nLet me look.\n</think>\n\nBamako"},
        {"content": "Let me look.</think>Bamako"},
        {"content": [{"type": "thinking", "thinking": "Let me look."}, {"type": "text", "text": "Bamako"}]},
    ],
)
def test_reasoning_is_kept_under_any_of_its_names(fields: dict[str, Any]) -> None:
    """Lost reasoning makes a thinking student stop thinking; a <think> in the content is learnt as plain text."""
    (_, message) = read({"role": "assistant", "content": "Bamako"} | fields).messages
    assert (message.reasoning, message.content) == ("Let me look.", "Bamako")


def test_encrypted_reasoning_is_counted_and_a_repeated_thought_is_not_doubled() -> None:
    """Readers must see how many turns lack their reasoning; SWE-agent repeats the content as `thought`."""
    blocks = [{"type": "redacted_thinking", "data": "opaque"}, {"type": "reasoning.encrypted", "data": "opaque"}]
    attempt = read({"role": "assistant", "content": "Bamako", "thought": "Bamako", "thinking_blocks": blocks})
    assert attempt.messages[1].reasoning is None
    assert notes_of(attempt) == {"redacted_reasoning": 2}


def test_results_are_paired_by_their_ids_in_any_order_and_late() -> None:
    """A mispaired result teaches that one file holds the text of another."""
    calls = [called("a", query="a"), called("b", query="b")]
    swapped = [{"role": "tool", "tool_call_ids": [name], "content": name.upper()} for name in ("b", "a")]
    attempt = read({"role": "assistant", "tool_calls": calls}, *swapped, {"role": "assistant", "content": "x"})
    assert [(one.answers, one.content) for one in attempt.messages if one.role == "tool"] == [("b", "B"), ("a", "A")]
    late = read(
        {"role": "assistant", "tool_calls": [calls[0]]},
        {"role": "user", "content": "Hurry."},
        result("a", "A"),
        {"role": "assistant", "content": "x"},
    )
    assert [one.role for one in late.messages] == ["user", "assistant", "tool", "user", "assistant"]
    assert notes_of(late)["late_result"] == 1


def test_parallel_calls_in_messages_of_their_own_are_one_turn() -> None:
    """Logs write one message per call; a turn whose result comes after the next call is refused by every template."""
    attempt = read(
        {"role": "assistant", "content": "Both.", "tool_calls": [called("a", query="a")]},
        {"role": "assistant", "tool_calls": [called("b", query="b")]},
        result("a", "A"),
        result("b", "B"),
        {"role": "assistant", "content": "x"},
    )
    assert [len(one.calls) for one in attempt.messages] == [0, 2, 0, 0, 0]


def test_images_and_null_parts_are_marked_and_counted() -> None:
    """A result whose picture vanished reads as if the tool had returned the text alone."""
    parts = [{"type": "text", "text": "Title: Ferns"}, {"type": "image_url", "image_url": {"url": "data:x"}}, None]
    attempt = read(
        {"role": "assistant", "tool_calls": [called("a", query="a")]},
        result("a", parts),
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Ferns"}, {"type": "input_audio", "input_audio": {}}],
        },
    )
    assert [one.content for one in attempt.messages[2:]] == ["Title: Ferns\n[image]", "Ferns\n[input_audio]"]
    assert notes_of(attempt) == {"image": 1, "null_part": 1, "part": 1, "inferred_tools": 1}
    assert set(notes_of(attempt)) <= set(NOTES)


@pytest.mark.parametrize(
    "content",
    [
        "I look.\n<function=search>\n<parameter=query>\nMali\n</parameter>\n<parameter=limit>3</parameter>\n</function>",
        'I look.\n<function_calls><invoke name="search"><parameter name="query">Mali</parameter><parameter name="limit">3</parameter></invoke></function_calls>',
        'I look.\n<use_mcp_tool>\n<server_name>web</server_name>\n<tool_name>search</tool_name>\n<arguments>\n{"query": "Mali", "limit": 3}\n</arguments>\n</use_mcp_tool>',
        "I look.\n<tool_call>\n{'name': 'search', 'arguments': {'query': 'Mali', 'limit': 3}}\n</tool_call>",
    ],
)
def test_calls_in_tags_are_calls_and_the_next_message_is_their_result(content: str) -> None:
    """Calls that stay text have no result, no schema and no count."""
    limit = {"type": "integer"}
    schema = {"type": "object", "properties": {"query": {"type": "string"}, "limit": limit}}
    tools = [{"type": "function", "function": {"name": "search", "parameters": schema}}]
    after = [{"role": "user", "content": "Bamako is the capital."}, {"role": "assistant", "content": "Bamako"}]
    attempt = read({"role": "assistant", "content": content}, *after, tools=tools)
    _, call, told, _ = attempt.messages
    assert (call.content, call.calls[0].name, call.calls[0].arguments) == (
        "I look.",
        "search",
        {"query": "Mali", "limit": 3},
    )
    assert (told.role, told.answers) == ("tool", call.calls[0].id)


def test_a_broken_call_comes_in_only_if_its_tool_refused_it() -> None:
    """Recovery from a broken call is worth learning; a broken call that was served is a fault of the set."""
    broken = {"id": "a", "type": "function", "function": {"name": "search", "arguments": '{"query": "Mali"'}}
    said = {"role": "assistant", "tool_calls": [broken]}
    attempt = read(said, result("a", "Error: the arguments are no JSON"), {"role": "assistant", "content": "Bamako"})
    assert (attempt.messages[1].parse, attempt.messages[1].weight) == ("invalid_json", 0.0)
    assert '{"query": "Mali"' in attempt.messages[1].content
    with pytest.raises(Refused, match="bad_arguments"):
        read(said, result("a", "Bamako is the capital."), {"role": "assistant", "content": "Bamako"})
    twice = called("a") | {"function": {"name": "search", "arguments": json.dumps(json.dumps({"query": "Mali"}))}}
    assert read({"role": "assistant", "tool_calls": [twice]}).messages[1].calls[0].arguments == {"query": "Mali"}


def test_schemas_are_inferred_from_calls_and_marked() -> None:
    """Without schemas every call is one of an unknown tool; an unmarked guess would pass for the set's own."""
    attempt = read(
        {"role": "assistant", "tool_calls": [called("a", query="a", limit=1), called("b", query="b", limit=2.5)]},
        result("a", "A"),
        result("b", "B"),
        {"role": "assistant", "content": "x"},
    )
    (tool,) = attempt.tools
    assert tool["function"]["parameters"]["properties"] == {"query": {"type": "string"}, "limit": {"type": "number"}}
    assert "Inferred" in tool["function"]["description"]
    assert "--tools" in NOTES["inferred_tools"]
    assert notes_of(attempt) == {"inferred_tools": 1}


def test_a_conversation_may_end_with_a_call_whose_argument_is_the_answer() -> None:
    """Sets of coding agents end with finish or submit; without the answer every row is refused as unanswered."""
    last = {"role": "assistant", "content": "Done.", "tool_calls": [called("z", "finish", message="It is kept.")]}
    attempt = read(last, result("z", "Finished."))
    assert (attempt.final_answer, attempt.messages[-1].calls[0].name) == ("It is kept.", "finish")
    assert attempt.metadata["after_ending"] == ["Finished."]
    assert read(last | {"tool_calls": [called("z", "search", query="x")]}).final_answer is None


@pytest.mark.slow
def test_conversations_as_they_are_pass_refine_and_every_message_keeps_its_place(tmp_path: Path) -> None:
    """Two system, user or assistant messages on end, and reminders within, are common and renderable."""
    home = Settings(home=tmp_path, publish=Publish(to=str(tmp_path / "release"), validation_share=0))
    looked = [
        {"role": "assistant", "content": "I look.", "tool_calls": [called("c1", query="q")]},
        result("c1", "found it: 1900"),
    ]
    system, user = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Some context first."}
    rows = [
        [system, system | {"content": "Cite."}, USER | {"content": "Who wrote the first book?"}, *looked, {"role": "assistant", "content": "Ada"}],
        [system, USER | {"content": "Where is the second river?"}, *looked, {"role": "system", "content": "Reminder"}, {"role": "assistant", "content": "Oslo"}],
        [user, USER | {"content": "When was the third bridge built?"}, *looked, {"role": "assistant", "content": "1900"}],
        [USER | {"content": "Why is the fourth tower red?"}, {"role": "assistant", "content": "Wait.", "weight": 0}, *looked, {"role": "assistant", "content": "Brick", "weight": 1}],
        [USER | {"content": "How do I keep the last line?"}, *looked, {"role": "assistant", "content": "", "tool_calls": [called("z", "finish", message="Kept the line.")]}],
    ]  # fmt: skip
    path = tmp_path / "set.jsonl"
    finish = {"type": "function", "function": {"name": "finish", "parameters": {"type": "object"}}}
    path.write_text("".join(json.dumps({"messages": one, "tools": [SEARCH, finish]}) + "\n" for one in rows))
    with connect(Lake(home.lake)) as con:
        existing = ExistingIds.of(con, datetime.now(UTC))
    options = ImportOptions("auto", "imported", accepted=True)
    assert Importer(Lake(home.lake), existing, []).import_file(path, path.name, options, silent).imported == 5
    today = datetime.now(UTC).date()
    run_refine(home, today, silent)
    with connect(Lake(home.lake)) as con:
        assert con.execute("select reasons from decisions where not kept").fetchall() == []
    run_publish(home, today, silent)
    (shard,) = (tmp_path / "release" / "latest" / "data").glob("*.parquet")
    released = pq.read_table(shard).to_pylist()
    by_question = {one["instruction"]: one for one in released}
    waiting = by_question["Why is the fourth tower red?"]["messages"]
    assert [one["trainable"] for one in waiting] == [False, False, True, False, True]
    for one in released:
        sides = [turn["from"] in ("human", "observation") for turn in llama_factory(one)["conversations"]]
        assert sides == [place % 2 == 0 for place in range(len(sides))]


def test_imports_are_redacted_and_counted_by_the_set_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unredacted pages cost a third of a clean set at the gate `secrets`; without counts its lengths are unknown."""
    save(tmp_path / "student")
    (tmp_path / "factory.toml").write_text('[publish]\nstudent = "student"\n')
    mail = "maria.lindqvist@norrland-kommun.se"
    said = [
        {"role": "assistant", "reasoning_content": "A page helps.", "tool_calls": [called("c1", query="mayor")]},
        result("c1", f"Write to {mail}."),
        {"role": "assistant", "content": f"The mayor's address is {mail}."},
    ]
    (tmp_path / "set.jsonl").write_text(json.dumps({"messages": [USER, *said], "contact": mail}) + "\n")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["import", "set.jsonl"])
    assert told.exit_code == 0, told.output
    with connect(Lake(tmp_path / "lake")) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
        texts = con.execute(
            "select coalesce(content, observation), redacted, n_tokens from turns order by index"
        ).fetchall()
        ((total, metadata),) = con.execute(
            "select n_tokens, metadata from trajectories join imports using (trajectory_id)"
        ).fetchall()
    assert [text for text, _, _ in texts[2:]] == [
        "Write to [REDACTED:email].",
        "The mayor's address is [REDACTED:email].",
    ]
    assert [json.loads(found) for _, found, _ in texts if found] == [{"email": 1}, {"email": 1}]
    assert mail not in metadata
    assert total == sum(count for _, _, count in texts) > 20


def test_observations_are_typed_as_far_as_they_tell() -> None:
    """A share of faults that is always zero hides a broken tool; an article about errors is not a fault."""
    told = {
        "": "empty",
        "Traceback (most recent call last):\n  File": "fault",
        "Error: no such file": "fault",
        '{"error": "bad key"}': "fault",
        '{"error": "", "response": "yes"}': "ok",
        "403 Forbidden": "blocked",
        "line 1\n[2,113 more lines truncated]": "truncated",
        "head\n[... Observation truncated due to length ...]\n2 failed": "truncated",
        "head\n[8018 bytes were cut here]\n2 failed": "truncated",
        "head\n…1234 tokens truncated…\n2 failed": "truncated",
        "The table was truncated (see below):\n1 | 2": "ok",
        "Errors in spelling are common.": "ok",
    }
    assert {text: kind_of(Message("tool", text)) for text in told} == told
    assert kind_of(Message("tool", "fine", failed=True)) == "fault"
    assert kind_of(Message("tool", "Error: quoted", failed=False)) == "ok"


PICTURE = {"type": "image_url", "image_url": {"url": "https://a.example/a.png"}}
ASKED = [{"type": "text", "text": "What is this?"}, PICTURE]
READ_CALL = '<tool_call>{"name": "search", "arguments": {"query": "a"}}</tool_call>'


@pytest.mark.parametrize(
    ("format", "row"),
    [
        ("sharegpt", {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": "A."}]}),
        ("sharegpt", {"images": ["a.png"], "conversations": [{"from": "human", "value": "<image>What is this?"}, {"from": "gpt", "value": "A."}]}),
        ("openseeker", {"trajectory": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": READ_CALL}, {"role": "tool", "content": "a"}]}),
        ("dolci", {"messages": [{"role": "user", "content": "Look."}, {"role": "assistant", "content": None, "function_calls": "look()"}, {"role": "environment", "content": [PICTURE]}]}),
        ("openhands", {"history": [{"id": 0, "source": "user", "action": "message", "args": {"content": "What is this?", "image_urls": ["a.png"]}}, {"id": 1, "source": "agent", "action": "message", "args": {"content": "A."}}]}),
        ("codex", {"events": [
            {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look."}]}},
            {"type": "response_item", "payload": {"type": "function_call", "name": "view", "arguments": "{}", "call_id": "k"}},
            {"type": "response_item", "payload": {"type": "function_call_output", "call_id": "k", "output": [{"type": "input_image", "image_url": "data:x"}]}},
        ]}),
        ("messages", {"images": [{"bytes": b"1234"}], "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": "A."}]}),
    ],
)  # fmt: skip
def test_an_image_is_counted_once_in_every_format(format: str, row: dict[str, Any]) -> None:
    """A set of screenshots whose images vanish uncounted teaches answers to invisible questions."""
    assert notes_of(attempt_of(row, format))["image"] == 1


def test_a_message_that_the_harness_wrote_is_not_trained_on() -> None:
    """Claude Code writes errors of the API in the model's place; trained on, the student learns to say them."""
    error = event("assistant", "u2", "u1", {"role": "assistant", "model": "<synthetic>", "content": "API Error: 529"})
    events = [event("user", "u1", None, {"role": "user", "content": "Go on."}), error | {"isApiErrorMessage": True}]
    attempt = attempt_of({"events": events}, "claude-code")
    assert (attempt.messages[-1].weight, attempt.model) == (0.0, None)


def test_a_file_of_tau2_gives_each_simulation_its_policy_tools_and_task(tmp_path: Path) -> None:
    """The policy stands once per file; without it the student sees an agent that refuses for no reason."""
    tool = {"name": "get_line", "doc": "Find a line.", "params": {"type": "object", "properties": {}}}
    simulation = {
        "id": "s",
        "task_id": "7",
        "reward_info": {"reward": 1.0},
        "messages": [USER, {"role": "assistant", "content": "Bamako."}],
    }
    info = {
        "agent_info": {"llm": "m/agent"},
        "environment_info": {"policy": "Be brief.", "tool_defs": {"get_line": tool}},
    }
    log = {
        "timestamp": "t",
        "info": info,
        "tasks": [{"id": "7", "purpose": "capitals"}],
        "simulations": [simulation] * 2,
    }
    (tmp_path / "results.json").write_text(json.dumps(log, indent=2))
    for raw in rows_of(tmp_path / "results.json"):
        attempt = attempt_of(raw.value(), "auto")
        assert (attempt.format, attempt.model, attempt.messages[0].content) == ("tau-bench", "m/agent", "Be brief.")
        assert attempt.tools[0]["function"]["parameters"] == tool["params"]
        assert attempt.metadata["task"]["purpose"] == "capitals"
