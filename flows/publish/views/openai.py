"""Released rows in the words of each trainer: small pure functions from a row to a row.

What a trainer cannot hold is said in its docstring; nothing else is lost. Calls and tools stay JSON
wherever a trainer reads them so: a reader that makes tables of them pads every call with nulls.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from flows.publish.errors import PublishError

Row = dict[str, Any]
Message = dict[str, Any]
MERGED = "\n</tool_response>\n<tool_response>\n"
"""What LLaMA-Factory itself writes between the observations of one turn, whatever the template."""

CALL_TAGS = ("<tool_call>", "</tool_call>")
THOUGHT_ENDS = "\n</think>\n\n"


@dataclass(frozen=True)
class View:
    """How a trainer reads rows; `columns` are those of a released row that `convert` needs."""

    convert: Callable[[Row], Row]
    columns: tuple[str, ...]
    form: Literal["jsonl", "parquet"] = "jsonl"
    shape: Callable[[pa.DataType], pa.Schema] | None = None
    """Of a Parquet file, given the type of its JSON; without it the rows themselves tell their shape."""
    beside: Callable[[list[str]], dict[str, str]] = lambda splits: {}
    """Files that stand beside the data, by name: what the trainer must be told of it."""


def openai(row: Row) -> Row:
    """Messages as OpenAI's API writes them, arguments and tools as JSON strings; prime-rl reads both."""
    return {
        "trajectory_id": row["trajectory_id"],
        "messages": [openai_message(message) for message in row["messages"]],
        "tools": row["tools"],
    }


def trl(row: Row) -> Row:
    """The same in Parquet whose arguments are of the JSON type: `datasets` 5 gives each call its own, as a mapping.

    Templates of Qwen3.5 and later walk through the arguments and stop at a string.
    """
    return openai(row)


def verl(row: Row) -> Row:
    """Parquet with the ids and mask to train on, the student's or else the teacher's, as ReleasedTokens reads them.

    Beside them messages and tools as structs, as MultiTurnSFTDataset reads them: Parquet has one shape for all
    tools of a list, so that a property that another tool has is null in this one. Raises PublishError on a row
    without tokens.
    """
    ids, mask = ("token_ids", "loss_mask") if row["student_token_ids"] is None else STUDENT
    if not row[ids]:
        raise PublishError(
            f"{row['trajectory_id']} was imported without token ids: publish with `factory publish --student`, "
            "then export again"
        )
    return openai(row) | {"tools": json.loads(row["tools"]), "input_ids": row[ids], "loss_mask": row[mask]}


def swift(row: Row) -> Row:
    """ms-swift's standard messages: calls and observations as messages of their own."""
    return {"messages": [one for message in row["messages"] for one in _swift(message)], "tools": row["tools"]}


def llama_factory(row: Row) -> Row:
    """LLaMA-Factory's sharegpt form (0.9.5: before it, words beside a call are refused)."""
    system = [message["content"] for message in row["messages"] if message["role"] == "system"]
    said = list(_sharegpt([message for message in row["messages"] if message["role"] != "system"]))
    functions = [tool.get("function", tool) for tool in json.loads(row["tools"])]
    return {"conversations": said, "system": "\n\n".join(system), "tools": json.dumps(functions, ensure_ascii=False)}


def atif(row: Row) -> Row:
    """Harbor's Agent Trajectory Interchange Format (ATIF-v1.6): a step a message, with sampled ids and logprobs."""
    steps = list(_steps(row))
    for number, step in enumerate(steps, start=1):
        step["step_id"] = number
    agent = {
        "name": "horizon-factory",
        "version": row["engine_version"] or "unknown",
        "model_name": row["teacher_model"],
    }
    return {
        "schema_version": "ATIF-v1.6",
        "session_id": row["trajectory_id"],
        "agent": agent | {"tool_definitions": json.loads(row["tools"])},
        "steps": steps,
        "final_metrics": {"total_completion_tokens": row["n_sampled_tokens"], "total_steps": len(steps)},
        "extra": {name: row[name] for name in ("task_id", "domain", "status", "final_answer")},
    }


def openai_message(message: Message) -> Message:
    """A message as OpenAI's API writes it; content is never null."""
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {"name": call["name"], "arguments": _json(call["arguments"])},
        }
        for call in _calls(message)
    ]
    return message | {"content": message["content"] or "", "tool_calls": calls or None}


def _swift(message: Message) -> Iterator[Message]:
    if message["role"] == "tool":
        yield {"role": "tool_response", "content": message["content"] or ""}
        return
    calls, content = _calls(message), _thought(message["reasoning_content"]) + (message["content"] or "")
    if content or not calls:
        yield {"role": message["role"], "content": content}
    for call in calls:
        yield {"role": "tool_call", "content": _json({"name": call["name"], "arguments": call["arguments"]})}


def _sharegpt(messages: list[Message]) -> Iterator[Message]:
    heard: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            heard.append(message["content"] or "")
            continue
        if heard:
            yield {"from": "observation", "value": MERGED.join(heard)}
            heard = []
        yield _sharegpt_said(message)
    if heard:
        yield {"from": "observation", "value": MERGED.join(heard)}


def _sharegpt_said(message: Message) -> Message:
    content, calls = message["content"] or "", _calls(message)
    if message["role"] == "user":
        return {"from": "human", "value": content}
    if not calls:
        return {"from": "gpt", "value": _thought(message["reasoning_content"]) + content}
    said = _thought(message["reasoning_content"]) + (f"{content}\n\n" if content else "")
    return {"from": "function_call", "value": _beside(said, calls)}


def _beside(said: str, calls: list[Row]) -> str:
    """Words, and calls that LLaMA-Factory finds by the first tag: one that the agent only wrote of is broken."""
    functions = _json([{"name": call["name"], "arguments": call["arguments"]} for call in calls])
    for tag in CALL_TAGS:
        functions = functions.replace(tag, f"\\u003c{tag[1:]}")
    if CALL_TAGS[0] not in said and (not said or said.endswith(THOUGHT_ENDS)):
        return said + functions
    return said.replace(CALL_TAGS[0], f"<\u200b{CALL_TAGS[0][1:]}") + functions.join(CALL_TAGS)


def _steps(row: Row) -> Iterator[Row]:
    step: Row | None = None
    for message, metrics in zip(row["messages"], _metrics(row), strict=True):
        if message["role"] == "tool" and step:
            heard = {"source_call_id": message["tool_call_id"], "content": message["content"]}
            step.setdefault("observation", {"results": []})["results"].append(heard)
            continue
        if step:
            yield step
        step = _step(message, metrics)
    if step:
        yield step


def _step(message: Message, metrics: Row) -> Row:
    step = {"source": {"assistant": "agent"}.get(message["role"], message["role"]), "message": message["content"] or ""}
    if message["role"] == "assistant":
        step |= {"metrics": metrics}
    if message["reasoning_content"]:
        step |= {"reasoning_content": message["reasoning_content"]}
    calls = [
        {"tool_call_id": call["id"], "function_name": call["name"], "arguments": call["arguments"]}
        for call in _calls(message)
    ]
    return step | ({"tool_calls": calls} if calls else {})


def _metrics(row: Row) -> Iterator[Row]:
    """For each message the ids that were sampled in it, and their log-probabilities."""
    said = 0
    for start, count in zip(accumulate(row["message_tokens"], initial=0), row["message_tokens"], strict=False):
        places = range(start, start + count)
        ids = [row["token_ids"][place] for place in places if row["loss_mask"][place]]
        logprobs = row["logprobs"][said : said + len(ids)]
        said += len(ids)
        yield {"completion_tokens": len(ids), "completion_token_ids": ids, "logprobs": logprobs}


def _thought(reasoning: str | None) -> str:
    return f"<think>\n{reasoning}{THOUGHT_ENDS}" if reasoning else ""


def _calls(message: Message) -> list[Row]:
    calls: list[Row] = json.loads(message["tool_calls"]) if message["tool_calls"] else []
    return calls


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dataset_info(splits: list[str]) -> dict[str, str]:
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    told = {
        f"horizon_{split}": {"file_name": f"{split}.jsonl", "formatting": "sharegpt", "columns": columns}
        for split in splits
    }
    return {"dataset_info.json": json.dumps(told, indent=2) + "\n"}


def _released_tokens(splits: list[str]) -> dict[str, str]:
    return {"released_tokens.py": Path(__file__).with_name("verl_dataset.py").read_text("utf-8")}


def _openai_shape(json_type: pa.DataType) -> pa.Schema:
    messages = pa.list_(message_shape(json_type))
    return pa.schema([("trajectory_id", pa.string()), ("messages", messages), ("tools", pa.large_string())])


def message_shape(json_type: pa.DataType) -> pa.StructType:
    """The type of `openai_message` in Parquet, given the type of its JSON."""
    function = pa.struct([("name", pa.string()), ("arguments", json_type)])
    call = pa.struct([("id", pa.string()), ("type", pa.string()), ("function", function)])
    return pa.struct(
        [
            ("role", pa.string()),
            ("content", pa.large_string()),
            ("reasoning_content", pa.large_string()),
            ("tool_calls", pa.list_(call)),
            ("tool_call_id", pa.string()),
            ("name", pa.string()),
        ]
    )


STUDENT = ("student_token_ids", "student_loss_mask")
WORDS = ("trajectory_id", "messages", "tools")
TOKENS = ("token_ids", "loss_mask", "logprobs", "message_tokens", "n_sampled_tokens")
ORIGIN = ("task_id", "domain", "status", "final_answer", "teacher_model", "engine_version")
VIEWS: dict[str, View] = {
    "trl": View(trl, WORDS, "parquet", _openai_shape),
    "prime-rl": View(openai, WORDS),
    "verl": View(verl, WORDS + STUDENT + TOKENS[:2], "parquet", beside=_released_tokens),
    "ms-swift": View(swift, WORDS),
    "llama-factory": View(llama_factory, WORDS, beside=_dataset_info),
    "atif": View(atif, WORDS + TOKENS + ORIGIN),
}
"""Every trainer that a release can be exported for."""
