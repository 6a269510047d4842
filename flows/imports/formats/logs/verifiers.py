"""Reads results of verifiers' evaluations: results.jsonl of its first versions, traces.jsonl of version 1.

A result has `prompt`, `completion`, `answer`, `task`, `info`, `reward` and its metrics. A line of traces.jsonl is
an episode with `traces`: nodes of messages with their parents, `tools` and `rewards`. The first trace is read up to
its last node; the others stay in the metadata. Source: verifiers 0.1.8 (eval_utils) and 0.4.0 (v1/trace.py,
v1/graph.py).
"""

from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.attempt.outcomes import judged
from flows.imports.formats.chat.trl import trl
from flows.imports.formats.conversation import Attempt, Format, Outcome, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, object_of, truth_of, word
from flows.imports.formats.values.tools import tools_of

TRACE = frozenset({"nodes", "tools", "rewards"})


def verifiers(row: Row) -> Attempt:
    """Convert one result or one episode."""
    if "traces" not in row and "nodes" not in row:
        return trl(row)
    traces = messages_of(row["traces"]) if "traces" in row else [row]
    trace = traces[0]
    task = object_of(object_of(trace.get("task")).get("data"))
    config = object_of(object_of(trace.get("agent")).get("config"))
    metadata = {"trace": leftover(trace, TRACE), "other_traces": traces[1:]}
    return Attempt(
        messages=chat(_path(messages_of(trace.get("nodes")))),
        tools=tools_of(trace.get("tools")),
        truth=truth_of(task.get("answer")),
        model=word(config.get("model")),
        outcomes=tuple(_outcome(name, reward) for name, reward in object_of(trace.get("rewards")).items()),
        notes=("subagent",) * (len(traces) - 1),
        metadata={key: value for key, value in metadata.items() if value},
    )


def _path(nodes: list[Row]) -> list[Row]:
    """Messages from the root to the last node."""
    at: Any = len(nodes) - 1
    path: list[Row] = []
    while isinstance(at, int) and 0 <= at < len(nodes) and len(path) <= len(nodes):
        path.append(object_of(nodes[at].get("message")))
        at = nodes[at].get("parent")
    return path[::-1]


def _outcome(name: str, reward: Any) -> Outcome:
    value = reward.get("score") if isinstance(reward, dict) else reward
    return judged(name, value) or Outcome(name, None)


def recognise(row: Row) -> Sign | None:
    """Prompt and completion with a reward, or traces of nodes."""
    if {"prompt", "completion", "reward"} <= row.keys():
        return Sign(0.85, "`prompt` and `completion` with a `reward`")
    traces = row.get("traces") if "traces" in row else [row]
    if isinstance(traces, list) and traces and isinstance(traces[0], dict) and isinstance(traces[0].get("nodes"), list):
        return Sign(0.95, "traces of message nodes")
    return None


FIELDS = frozenset({"prompt", "completion", "tools", "answer", "model", "traces", "nodes", "rewards"})
VERIFIERS = Format(verifiers, FIELDS, recognise, split_completions=False)
