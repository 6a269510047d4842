"""A resumed attempt keeps the sampling with which it began, so that its row is true of every turn.

The settings, or the model's generation_config.json, may name another sampling by then. The first entry of the journal
holds the attempt's own.
"""

from collections.abc import Sequence
from dataclasses import replace

from flows.rollout.loop.episode import Entry
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.protocol import Sampling


def resumed_plan(plan: Plan, entries: Sequence[Entry]) -> Plan:
    """The plan with the sampling of its journaled turns; the plan itself if it has none.

    Journals of earlier versions do not hold it: the sources then say that the sampling of the earlier turns is unknown.
    """
    if not entries:
        return plan
    return replace(plan, brief=replace(plan.brief, sampling=_sampling(plan.brief.sampling, entries)))


def _sampling(planned: Sampling, entries: Sequence[Entry]) -> Sampling:
    if entries[0].sampling:
        return entries[0].sampling
    if not any(entry.turn.role == "assistant" for entry in entries):
        return planned
    return replace(planned, sources={**planned.sources, "earlier_turns": "unknown"})
