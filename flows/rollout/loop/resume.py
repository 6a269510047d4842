"""Gathers what a resumed attempt needs beside its journaled turns: its sampling, and the calls made in its world.

It keeps the sampling with which it began, so that its row is true of every turn: the settings, or the model's
generation_config.json, may name another one by then. The first entry of the journal holds the attempt's own.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from flows.environments.tool import Tool, ToolCall
from flows.rollout.loop.episode import Entry, calls_of
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.protocol import Sampling
from flows.rollout.tools.arguments import argument_error
from flows.rollout.tools.recorded import Recorded


def resumed_plan(plan: Plan, entries: Sequence[Entry]) -> Plan:
    """The plan with the sampling of its journaled turns; the plan itself if it has none.

    Journals of earlier versions do not hold it: the sources then say that the sampling of the earlier turns is unknown.
    """
    if not entries:
        return plan
    return replace(plan, brief=replace(plan.brief, sampling=_sampling(plan.brief.sampling, entries)))


def recorded_calls(entries: Sequence[Entry], tools: Mapping[str, Tool]) -> Recorded:
    """The calls that reached the environment, up to the last checkpoint; `tools` are those that the task allows."""
    made, pending = list[tuple[ToolCall, str]](), deque[ToolCall]()
    recorded = Recorded()
    for entry in entries:
        turn = entry.turn
        if turn.copy_of is not None:
            continue
        if turn.role == "assistant":
            pending = deque(calls_of(turn))
        elif turn.tool and pending:
            call = pending.popleft()
            made += [(call, str(turn.content_sha256))] if argument_error(call, tools) is None else []
        if entry.checkpoint:
            recorded = Recorded(list(made), entry.checkpoint)
    return recorded


def _sampling(planned: Sampling, entries: Sequence[Entry]) -> Sampling:
    if entries[0].sampling:
        return entries[0].sampling
    if not any(entry.turn.role == "assistant" for entry in entries):
        return planned
    return replace(planned, sources={**planned.sources, "earlier_turns": "unknown"})
