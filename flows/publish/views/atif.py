"""The view `atif`: Harbor's Agent Trajectory Interchange Format (ATIF-v1.6), one step per message.

A trajectory of several segments is as many documents, each naming the next as its continuation; steps of messages
that a segment repeats are marked as copied context.
"""

import json
from collections.abc import Iterator
from itertools import accumulate

from flows.publish.views.messages import tool_calls
from flows.publish.views.view import MESSAGE_COLUMNS, TOKEN_COLUMNS, Message, ReleaseView, Row, whole

PARENT = ("parent_id", "parent_call_id")
ORIGIN_COLUMNS = ("task_id", "domain", "status", "final_answer", "teacher_model", "engine_version")


def atif(row: Row) -> Row:
    """A released row as an ATIF trajectory, with the sampled token ids and log-probabilities of each agent step."""
    steps = list(_steps(row))
    for number, step in enumerate(steps, start=1):
        step["step_id"] = number
    segment, parent = row.get("segment") or 0, row.get("parent_id")
    continued = segment + 1 < (row.get("n_segments") or 1)
    agent = {
        "name": "horizon-factory",
        "version": row["engine_version"] or "unknown",
        "model_name": row["teacher_model"],
    }
    return {
        "schema_version": "ATIF-v1.6",
        "session_id": _session(row, segment),
        "agent": agent | {"tool_definitions": json.loads(row["tools"])},
        "steps": steps,
        "final_metrics": {"total_completion_tokens": row["n_sampled_tokens"], "total_steps": len(steps)},
        **({"continued_trajectory_ref": _session(row, segment + 1)} if continued else {}),
        "extra": {name: row[name] for name in ("task_id", "domain", "status", "final_answer")}
        | ({name: row[name] for name in PARENT} if parent else {}),
    }


def _session(row: Row, segment: int) -> str:
    """The session of a segment, as Harbor names continuations after a summary."""
    return f"{row['trajectory_id']}-cont-{segment}" if segment else str(row["trajectory_id"])


def _steps(row: Row) -> Iterator[Row]:
    step: Row | None = None
    copied = set(row.get("copied") or ())
    for number, (message, metrics) in enumerate(zip(row["messages"], _metrics(row), strict=True)):
        if message["role"] == "tool" and step:
            result = {"source_call_id": message["tool_call_id"], "content": message["content"]}
            step.setdefault("observation", {"results": []})["results"].append(result)
            continue
        if step:
            yield step
        step = _step(message, metrics) | ({"is_copied_context": True} if number in copied else {})
    if step:
        yield step


def _step(message: Message, metrics: Row) -> Row:
    step = {"source": {"assistant": "agent"}.get(message["role"], message["role"]), "message": message["content"] or ""}
    if message["role"] == "assistant":
        step |= {"metrics": metrics} | ({} if message["trainable"] else {"extra": {"trainable": False}})
    if message["reasoning_content"]:
        step |= {"reasoning_content": message["reasoning_content"]}
    calls = [
        {"tool_call_id": call["id"], "function_name": call["name"], "arguments": call["arguments"]}
        for call in tool_calls(message)
    ]
    return step | ({"tool_calls": calls} if calls else {})


def _metrics(row: Row) -> Iterator[Row]:
    """For each message the ids sampled in it, and their log-probabilities; nothing in a row without token ids."""
    done = 0
    for start, count in zip(accumulate(row["message_tokens"], initial=0), row["message_tokens"], strict=False):
        places = range(start, start + count)
        ids = [row["token_ids"][place] for place in places if row["loss_mask"][place]]
        logprobs = row["logprobs"][done : done + len(ids)]
        done += len(ids)
        exact = {"completion_tokens": len(ids), "completion_token_ids": ids, "logprobs": logprobs}
        yield exact if row["token_ids"] else {}


ATIF = ReleaseView(
    atif,
    MESSAGE_COLUMNS + TOKEN_COLUMNS + ("logprobs", "message_tokens", "n_sampled_tokens") + ORIGIN_COLUMNS,
    select=whole,
    left_out="the file holds each context segment once, whole",
)
