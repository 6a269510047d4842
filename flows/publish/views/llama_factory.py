"""The view `llama-factory`: LLaMA-Factory's sharegpt format, with the dataset_info.json that describes the files."""

import json
from collections.abc import Iterator

from flows.publish.views.messages import REASONING_END, as_json, in_call_order, think_block, tool_calls
from flows.publish.views.view import MESSAGE_COLUMNS, Message, ReleaseView, Row

OBSERVATION_SEPARATOR = "\n</tool_response>\n<tool_response>\n"
"""LLaMA-Factory itself writes this between the tool results of one turn, under every template."""
CALL_TAGS = ("<tool_call>", "</tool_call>")
AGENT = ("gpt", "function_call")
"""Names of the agent's turns."""


def llama_factory(row: Row) -> Row:
    """The conversation, system prompt and tools of a released row.

    LLaMA-Factory wants the two sides to alternate and skips every other row, so messages of one side on end are merged,
    a system message within the conversation is read as one of the user, an empty turn of the user precedes a greeting
    of the agent, and text after the agent's last turn, which nothing trains on, is left out.
    Text next to a tool call needs LLaMA-Factory 0.9.5; earlier versions refuse it.
    """
    first = next((at for at, message in enumerate(row["messages"]) if message["role"] != "system"), 0)
    system = [message["content"] for message in row["messages"][:first]]
    turns = list(_turns(list(_alternating(list(in_call_order(row["messages"][first:]))))))
    if turns and turns[0]["from"] in AGENT:
        turns = [{"from": "human", "value": ""}, *turns]
    if turns and turns[-1]["from"] not in AGENT:
        turns = turns[:-1]
    functions = [tool.get("function", tool) for tool in json.loads(row["tools"])]
    return {"conversations": turns, "system": "\n\n".join(system), "tools": json.dumps(functions, ensure_ascii=False)}


def _alternating(messages: list[Message]) -> Iterator[Message]:
    """Messages in which an agent's message never follows another, and the user's text after a result is part of it."""
    held: Message | None = None
    for message in messages:
        is_agent = message["role"] == "assistant"
        if held and (is_agent == (held["role"] == "assistant")) and message["role"] != "tool":
            held = _joined(held, message)
            continue
        if held:
            yield held
        held = message if is_agent or message["role"] == "tool" else {**message, "role": "user"}
    if held:
        yield held


def _joined(one: Message, other: Message) -> Message:
    calls = [*tool_calls(one), *tool_calls(other)]
    return {
        **one,
        "content": "\n\n".join(part for part in (one["content"], other["content"]) if part),
        "reasoning_content": "\n".join(part for part in (one["reasoning_content"], other["reasoning_content"]) if part),
        "tool_calls": json.dumps(calls) if calls else None,
    }


def _turns(messages: list[Message]) -> Iterator[Message]:
    observations: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            observations.append(message["content"] or "")
            continue
        if observations:
            yield {"from": "observation", "value": OBSERVATION_SEPARATOR.join(observations)}
            observations = []
        yield _turn(message)
    if observations:
        yield {"from": "observation", "value": OBSERVATION_SEPARATOR.join(observations)}


def _turn(message: Message) -> Message:
    content, calls = message["content"] or "", tool_calls(message)
    if message["role"] == "user":
        return {"from": "human", "value": content}
    if not calls:
        return {"from": "gpt", "value": think_block(message["reasoning_content"]) + content}
    text = think_block(message["reasoning_content"]) + (f"{content}\n\n" if content else "")
    return {"from": "function_call", "value": _with_calls(text, calls)}


def _with_calls(text: str, calls: list[Row]) -> str:
    """The text and its calls. LLaMA-Factory finds calls by the first tag, so a tag within the text is broken up."""
    functions = as_json([{"name": call["name"], "arguments": call["arguments"]} for call in calls])
    for tag in CALL_TAGS:
        functions = functions.replace(tag, f"\\u003c{tag[1:]}")
    if CALL_TAGS[0] not in text and (not text or text.endswith(REASONING_END)):
        return text + functions
    return text.replace(CALL_TAGS[0], f"<\u200b{CALL_TAGS[0][1:]}") + functions.join(CALL_TAGS)


def _dataset_info(splits: list[str]) -> dict[str, str]:
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    files = {
        f"horizon_{split}": {"file_name": f"{split}.jsonl", "formatting": "sharegpt", "columns": columns}
        for split in splits
    }
    return {"dataset_info.json": json.dumps(files, indent=2) + "\n"}


LLAMA_FACTORY = ReleaseView(llama_factory, MESSAGE_COLUMNS, extra_files=_dataset_info)
