"""Every format comes in from a row of its published structure, is recognised, and loses no field in silence."""

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.commands.imports import FORMATS as OFFERED
from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.file_reader import rows_of
from flows.imports.formats.attempt.leftover import DROPPED
from flows.imports.formats.conversation import REASONS, Attempt, Refused
from flows.imports.formats.registry import FORMATS, attempt_of
from flows.imports.importer import Importer
from flows.imports.row_keys import row_id
from flows.imports.to_turns import Measured, turns_of
from tests.flows.imports.published import CLAUDE_EVENTS, CODEX_LINES, ROWS, Published
from tests.flows.imports.published_apis import API_ROWS
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

FRAME = {
    "user", "assistant", "system", "tool", "text", "function", "function_call", "function_response", "human", "gpt",
    "ai", "observation", "agent", "string", "object", "thinking", "tool_use", "tool_result", "redacted_thinking",
    "message", "response_item", "reasoning", "summary_text", "output_text", "input_text", "event_msg",
    "function_call_output", "custom_tool_call", "custom_tool_call_output", "turn_context", "session_meta",
    "environment",
}  # fmt: skip
"""Names of roles, parts and types: the common form has its own for them."""


def shape(attempt: Attempt) -> str:
    letters = {"system": "s", "user": "u", "assistant": "a", "tool": "t"}
    calls = (",".join(call.name for call in message.calls) for message in attempt.messages)
    return "".join(
        letters[message.role] + (f"[{names}]" if names else "")
        for message, names in zip(attempt.messages, calls, strict=True)
    )


def leaves(value: Any) -> Iterator[str]:
    """Every text and number of a row; JSON text is opened."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in DROPPED:
                yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, tuple):
        yield from leaves(list(value))
    elif isinstance(value, str) and value.startswith(('{"', '[{"')):
        yield from leaves(json.loads(value))
    elif value not in (None, "", True, False):
        yield str(value)


def pieces(text: str) -> list[str]:
    """The words of a text, without the tags and quotes that calls are written in."""
    for mark in "<>/{}[]()=;'\",:|`\n\\":
        text = text.replace(mark, " ")
    return text.split()


MARKUP = {"think", "tool_call", "tool_response", "answer", "name", "arguments", "functioncall", "endoftext", "USER",
          "ASSISTANT", "FUNCTION", "RESPONSE", "SYSTEM", "Thought", "Action", "Input", "Begin!", "bash", "content",
          "return_type", "final_answer", "im_start", "im_end", "query"}  # fmt: skip


@pytest.mark.parametrize("published", [*ROWS, *API_ROWS], ids=lambda one: one.format)
def test_a_published_row_keeps_its_conversation_and_every_field(published: Published) -> None:
    """A field that vanishes is noticed months later, when the set can no longer be had."""
    before = copy.deepcopy(published.row)
    attempt = attempt_of(published.row, published.format)
    assert (shape(attempt), published.row) == (published.shape, before)
    if published.answer is not None:
        assert attempt.final_answer == published.answer
    kept = {word for leaf in leaves(asdict(attempt)) for word in pieces(leaf)}
    lost = {
        word
        for leaf in leaves(published.row)
        if leaf not in published.drops and leaf not in FRAME
        for word in pieces(leaf)
        if word not in kept and word not in MARKUP
    }
    assert lost == set()


@pytest.mark.parametrize("published", [*ROWS, *API_ROWS], ids=lambda one: one.format)
def test_a_format_is_recognised_and_says_why(published: Published) -> None:
    """A wrong guess that gives no reason is believed."""
    attempt = attempt_of(published.row, "auto")
    assert attempt.format == published.format
    assert attempt.sign is not None
    assert 0.5 <= attempt.sign.sure <= 1
    assert attempt.sign.because


def test_every_format_is_offered_and_tried() -> None:
    """A format without a row here has never read a published row."""
    assert ["auto", *FORMATS] == OFFERED
    assert {one.format for one in [*ROWS, *API_ROWS]} == set(FORMATS)


def test_a_row_of_no_known_format_is_refused_by_its_fields() -> None:
    """The user must learn which fields were there, to name the format."""
    with pytest.raises(Refused, match="unknown_format: alpha, beta"):
        attempt_of({"alpha": 1, "beta": 2}, "auto")


def test_sessions_are_one_row_and_their_sub_agents_are_counted(tmp_path: Path) -> None:
    """A session read line by line gives a trajectory of one message each."""
    for name, events in (("claude", CLAUDE_EVENTS), ("codex", CODEX_LINES)):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        (raw,) = rows_of(path)
        attempt = attempt_of(raw.value(), "auto")
        assert attempt.messages[-1].content in ("Port 80.", "There is a.py.")
    sessions = attempt_of({"events": CLAUDE_EVENTS}, "auto")
    assert (sessions.notes.count("subagent"), sessions.notes.count("branch")) == (1, 1)
    assert sessions.metadata["branches"][0]["message"]["content"][0]["text"] == "Perhaps 8080."
    assert sessions.metadata["sidechains"][0]["message"]["content"] == "Look at server.ini for me."


def test_an_older_codex_log_of_bare_items_is_one_row(tmp_path: Path) -> None:
    """Logs of 2025 hold the payloads alone; read line by line, each call would be a conversation without a question."""
    path = tmp_path / "rollout.jsonl"
    meta, *rest = [line["payload"] for line in CODEX_LINES if line["type"] in ("session_meta", "response_item")]
    path.write_text("".join(json.dumps(one) + "\n" for one in [meta, {"record_type": "state"}, *rest]))
    (raw,) = rows_of(path)
    attempt = attempt_of(raw.value(), "auto")
    assert (attempt.format, shape(attempt)) == ("codex", "sua[shell]ta[apply_patch]ta")
    assert attempt.metadata["other_lines"] == [{"type": "other", "record_type": "state"}]


def test_a_mix_of_formats_is_told_apart_row_by_row(tmp_path: Path) -> None:
    """Joined sets have rows of several formats; one format for all would misread the others."""
    (path, lake) = tmp_path / "set.jsonl", Lake(tmp_path / "lake")
    mixed = [one.row for one in ROWS if one.format in ("messages", "sharegpt", "atif")]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*mixed, {"alpha": 1}]))
    with connect(lake) as con:
        existing = ExistingIds.of(con, datetime.now(UTC))
    counts = Importer(lake, existing, []).import_file(path, path.name, ImportOptions("auto", "imported"), silent)
    assert (counts.formats, counts.refused) == ({"messages": 1, "sharegpt": 1, "atif": 1}, {"unknown_format": 1})
    with connect(lake) as con:
        found = con.execute("select distinct format from imports where status = 'imported' order by all").fetchall()
    assert found == [("atif",), ("messages",), ("sharegpt",)]


JUNK: list[Any] = [None, True, -1, 1.5, "", "x", "{", "[1]", [], [None], [{}], {}, {"a": 1}, [[]], "{'a': 1}", 10**30]


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path of every value within a row."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from places(one, (*above, key))


@pytest.mark.parametrize("published", [*ROWS, *API_ROWS], ids=lambda one: one.format)
def test_a_row_with_a_wrong_value_anywhere_is_read_or_refused(published: Published) -> None:
    """One odd value among a million rows must cost its row, not the import."""
    chance = random.Random(published.format)
    for _ in range(40):
        row = copy.deepcopy(published.row)
        *above, last = chance.choice(list(places(row)))
        holder: Any = row
        for key in above:
            holder = holder[key]
        holder[last] = copy.deepcopy(chance.choice(JUNK))
        for format in (published.format, "auto"):
            try:
                attempt = attempt_of(row, format)
                turns_of(attempt.messages, Measured(), row_id(attempt), "2026-01-01")
            except Refused as refusal:
                assert refusal.code in REASONS
