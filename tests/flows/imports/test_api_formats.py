"""Logs of APIs, of frameworks for agents, and of rendered conversations come in whole, in each of their spellings."""

# ruff: noqa: E501 (a message is easier to read on one line)
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.imports.formats.conversation import Refused
from flows.imports.formats.registry import attempt_of
from tests.flows.imports.published import BLOCKS, SEARCH
from tests.flows.imports.published_apis import WRITTEN, constructors, model_messages, older_chat
from tests.flows.imports.test_formats import shape

USER = {"role": "user", "content": "Which river?"}


@pytest.mark.parametrize("family", WRITTEN)
def test_a_rendered_conversation_is_read_by_its_turns(family: str) -> None:
    """Read as one text, a whole dialogue with its calls and results would be one message to imitate."""
    text, expected = WRITTEN[family]
    attempt = attempt_of({"text": text}, "auto")
    assert (attempt.format, shape(attempt)) == ("rendered", expected)
    assert attempt.messages[-1].content == "The Orm."
    assert not [one for one in attempt.messages if "<|" in one.content or "<start_of_turn>" in one.content]


def test_a_prompt_and_its_completion_are_one_rendered_conversation() -> None:
    """A student would learn to write the marks of a template as plain text."""
    text, _ = WRITTEN["Zephyr"]
    prompt, completion = text.split("The Orm")
    attempt = attempt_of({"prompt": prompt, "completion": f"The Orm{completion}"}, "auto")
    assert (attempt.format, shape(attempt), attempt.messages[-1].content) == ("rendered", "sua", "The Orm.")


@pytest.mark.parametrize(
    ("row", "question"),
    [
        ({"prompt": "Which river?", "response": "The Orm."}, "Which river?"),
        (
            {"instruction": "Which river?", "input": "Vell lies low.", "output": "The Orm."},
            "Which river?\n\nVell lies low.",
        ),
        ({"instruction": "Which river?", "input": "", "response": "The Orm.", "system": "Help."}, "Which river?"),
        ({"prompt": [{"role": "user", "content": "Which river?"}], "response": "The Orm."}, "Which river?"),
    ],
)
def test_a_pair_is_read_under_its_usual_names(row: dict[str, Any], question: str) -> None:
    """The input of an instruction is half of the question: without it the answer looks invented."""
    attempt = attempt_of(row, "auto")
    asked = [one.content for one in attempt.messages if one.role == "user"]
    assert (attempt.format, asked, attempt.messages[-1].content) == ("trl", [question], "The Orm.")
    assert [one.content for one in attempt.messages if one.role == "system"] == (
        [row["system"]] if "system" in row else []
    )


def test_the_results_of_searches_within_a_response_are_not_the_agent_s_words() -> None:
    """A student would learn to write the results of its own searches."""
    response = (
        "<think>A map helps.</think>\n<search> Vell river </search>\n\n<information>Doc 1: the Orm.</information>\n\n"
        "<think>Clear.</think><answer> The Orm </answer>"
    )
    attempt = attempt_of({"prompt": "Which river?", "response": response, "reward": 1.0}, "auto")
    assert (attempt.format, shape(attempt)) == ("trl", "ua[search]ta")
    _, asked, result, last = attempt.messages
    assert (asked.reasoning, asked.content, asked.calls[0].arguments) == ("A map helps.", "", {"query": "Vell river"})
    assert (result.content, last.reasoning, last.content) == ("Doc 1: the Orm.", "Clear.", "The Orm")


def test_a_pair_keeps_what_stands_beside_it() -> None:
    """A field that another pair would be read from is not lost."""
    attempt = attempt_of({"prompt": "Which river?", "completion": "The Orm.", "output": "Sill", "input": "x"}, "auto")
    assert attempt.metadata == {"input": "x", "output": "Sill"}


def test_what_stands_beside_a_rendered_conversation_is_kept() -> None:
    """A field that could hold such a text, too, is not lost."""
    attempt = attempt_of({"text": WRITTEN["Zephyr"][0], "output": "Sill", "response": ""}, "auto")
    assert (attempt.format, attempt.metadata) == ("rendered", {"output": "Sill"})


def test_a_text_that_speaks_of_a_template_once_is_not_taken_for_a_conversation() -> None:
    """An article about ChatML is no dialogue."""
    with pytest.raises(Refused, match="unknown_format"):
        attempt_of({"text": "A turn begins with <|im_start|>user\nand a name."}, "auto")


def test_harmony_keeps_thought_calls_and_programs_apart() -> None:
    """A thought in the answer is published to users; a program in place of arguments is refused as broken JSON."""
    messages = attempt_of({"text": WRITTEN["Harmony"][0]}, "auto").messages
    calls = [call for one in messages for call in one.calls]
    assert [(call.name, call.arguments) for call in calls] == [
        ("search", {"query": "Vell"}),
        ("python", {"code": "print(6 * 7)"}),
    ]
    assert [one.reasoning for one in messages if one.reasoning] == ["A map helps."]


@pytest.mark.parametrize(
    ("row", "expected"),
    [(model_messages(), "sua[search]ta"), (older_chat(), "ua[search]ta")],
    ids=["to the model", "version 4"],
)
def test_the_other_spellings_of_the_ai_sdk_are_read(row: dict[str, Any], expected: str) -> None:
    """Logs are taken at the model as often as at the chat, and old logs stay."""
    attempt = attempt_of(row, "auto")
    assert (attempt.format, shape(attempt), attempt.messages[-1].content) == ("ai-sdk", expected, "The Orm.")


def test_a_saved_state_of_langgraph_keeps_its_broken_call_as_text() -> None:
    """A call whose arguments were no JSON teaches recovery; as a call it could not be rendered."""
    attempt = attempt_of(constructors(), "auto")
    assert (attempt.format, shape(attempt)) == ("langchain", "uata[search]ta")
    broken = attempt.messages[1]
    assert (broken.parse, broken.weight, '{"query": ' in broken.content) == ("invalid_json", 0.0, True)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"type": "document", "document": {"id": "d1", "data": {"snippet": "The Orm."}}}, '{"snippet": "The Orm."}'),
        ({"type": "document", "source": {"type": "text", "data": "The Orm."}}, "The Orm."),
        ({"type": "search_result", "title": "Rivers", "content": [{"type": "text", "text": "The Orm."}]}, "The Orm."),
        ({"type": "resource", "resource": {"uri": "file:///a", "text": "The Orm."}}, "The Orm."),
        ({"type": "file", "source": {"type": "base64", "data": "JVBERi0"}}, "[file]"),
    ],
)
def test_the_text_within_a_part_is_the_text_of_the_result(part: dict[str, Any], text: str) -> None:
    """A result of which only `[document]` is left makes the answer look invented."""
    asked = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "read", "arguments": "{}"}}]}
    result = {"role": "tool", "tool_call_id": "c1", "content": [part]}
    messages = attempt_of(
        {"messages": [USER, asked, result, {"role": "assistant", "content": "It is."}]}, "auto"
    ).messages
    assert messages[2].content == text


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda asked, reply: asked | reply,
        lambda asked, reply: asked | {"response": reply},
        lambda asked, reply: {"request": asked, "response": reply},
        lambda asked, reply: {"custom_id": "r1", "body": asked, "response": {"status_code": 200, "body": reply}},
    ],
    ids=["flat", "response beside", "gateway", "batch"],
)
def test_a_logged_request_has_the_reply_as_its_last_message(wrapped: Callable[[Any, Any], dict[str, Any]]) -> None:
    """Without the reply the row is a question, or an attempt that ends with a tool's result."""
    reply = {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "The Orm."}}]}
    attempt = attempt_of(wrapped({"model": "gpt-x", "messages": [USER], "tools": [SEARCH]}, reply), "auto")
    assert (attempt.format, shape(attempt), attempt.messages[-1].content) == ("messages", "ua", "The Orm.")
    assert (attempt.model, [tool["function"]["name"] for tool in attempt.tools]) == ("gpt-x", ["search"])


def test_what_a_log_holds_beside_the_conversation_is_kept() -> None:
    """Further choices, usage and settings of the request cannot be had again."""
    choices = [
        {"message": {"role": "assistant", "content": "Orm"}, "finish_reason": "stop"},
        {"message": {"content": "Sill"}},
    ]
    logged = {
        "request": {"messages": [USER], "temperature": 0.3},
        "response": {"choices": choices, "usage": {"total": 9}},
    }
    attempt = attempt_of(logged, "auto")
    assert attempt.metadata["request"] == {"temperature": 0.3}
    assert attempt.metadata["response"] == {
        "usage": {"total": 9},
        "choices": [{"finish_reason": "stop"}, {"message": {"content": "Sill"}}],
    }
    answered = [USER, {"role": "assistant", "content": "Orm"}]
    assert attempt_of({"messages": answered, "response": "as text"}, "auto").metadata == {"response": "as text"}


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"request": {"messages": BLOCKS, "max_tokens": 7}, "response": {"stop_reason": "end_turn"}}, {"max_tokens": 7}),
        ({"request": {"contents": [{"role": "user", "parts": [{"text": "Hm?"}]}], "generationConfig": {"topK": 3}}, "response": {"candidates": [{"content": {"parts": [{"text": "Orm"}]}, "finishReason": "STOP"}]}}, {"generationConfig": {"topK": 3}}),
        ({"request": {"input": "Hm?", "top_p": 0.2}, "response": {"output": [{"type": "message", "role": "assistant", "content": "Orm"}]}}, {"top_p": 0.2}),
    ],
    ids=["anthropic", "gemini", "responses"],
)  # fmt: skip
def test_the_settings_of_a_logged_request_are_kept(row: dict[str, Any], kept: dict[str, Any]) -> None:
    """How a row was sampled decides whether it may be used."""
    assert attempt_of(row, "auto").metadata["request"] == kept


OPENED = (
    "<tool_call>", "<tool_response>", "<answer>", "<tools>", "<function=f>", "<function=f><parameter=p>", "<use_mcp_tool>",
    "<use_mcp_tool><server_name>s</server_name><tool_name>t</tool_name><arguments>", '<invoke name="f">', "<think>", "\n",
    '<invoke name="f"><parameter name="p">', "<functioncall> {", "<|start|>", "<|im_start|>user\n", "<|user|>", " ", "```\n",
    "Action: x\n", "Thought:", "Exact Answer:", "<finish>", "\n ", "<search>", "<search></search><information>",
)  # fmt: skip


@pytest.mark.parametrize("opened", OPENED)
def test_a_row_of_opened_tags_is_read_or_refused_at_once(opened: str) -> None:
    """A search to the end from each of a hundred thousand tags takes hours: one hostile row would stop an import."""
    text = opened * 40_000
    rows: dict[str, dict[str, Any]] = {
        "messages": {"messages": [USER, {"role": "assistant", "content": text}]},
        "sharegpt": {"conversations": [{"from": "system", "value": text}, {"from": "gpt", "value": text}]},
        "glaive": {"system": "", "chat": f"USER: Hm?\n\nASSISTANT: {text}"},
        "rendered": {"text": f"<|im_start|>user\nHm?<|im_end|>\n<|im_start|>assistant\n{text}"},
        "toolbench": {"conversations": [{"from": "user", "value": "Hm?"}, {"from": "assistant", "value": text}]},
        "swe-agent": {"trajectory": [{"role": "user", "text": "Hm?"}, {"role": "ai", "text": text}]},
        "trl": {"prompt": "Hm?", "response": text},
        "adp": {"content": [{"class_": "message_action", "content": f"<finish>{text}"}]},
        "openresearcher": {"messages": [USER, {"role": "assistant", "content": f"Exact Answer:{text}"}]},
        "openseeker": {
            "trajectory": [USER, {"role": "assistant", "content": text}],
            "trajectory correctness": "correct",
        },
    }
    for spoken, row in rows.items():
        with contextlib.suppress(Refused):
            assert attempt_of(row, spoken).messages


def test_cohere_s_plan_before_a_call_is_reasoning() -> None:
    """It is what the model wrote before it called."""
    asked = {"role": "assistant", "tool_plan": "I will look.", "tool_calls": [{"id": "c", "name": "read", "input": {}}]}
    result = {"role": "tool", "tool_call_id": "c", "content": "Orm"}
    messages = attempt_of(
        {"messages": [USER, asked, result, {"role": "assistant", "content": "It is."}]}, "auto"
    ).messages
    assert messages[1].reasoning == "I will look."


def test_an_import_of_no_row_at_all_says_so_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nightly job that imports nothing must not look like one that worked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text(json.dumps({"alpha": 1}) + "\n")
    ran = CliRunner().invoke(app, ["import", "rows.jsonl"])
    assert ran.exit_code == 1
    assert "1 unknown_format" in ran.output
    assert "import_funnel" in ran.output
