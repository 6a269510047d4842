"""Reads a model's reply into a vote. A reply that is not exactly what was asked for abstains.

The vote is the JSON object that ends the reply; reasoning may stand before it, and a code fence around it. An object
that the reasoning quotes from the transcript is not at the end, so it can never become the vote.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.judge.rubric import OK

FENCE_END = re.compile(r"\s*(?:```|~~~)?\s*")


@dataclass(frozen=True)
class Vote:
    """One vote on an attempt; `steps` holds, by turn index, the reason of each judged turn (ok if it is good)."""

    passed: bool
    score: float
    reason: str
    steps: dict[int, str] = field(default_factory=dict)


class _Step(BaseModel):
    model_config = ConfigDict(strict=True)

    turn: int
    ok: bool
    reason: str


class _Reply(BaseModel):
    model_config = ConfigDict(strict=True)

    passed: bool
    score: float = Field(ge=0, le=1, allow_inf_nan=False)
    reason: str
    steps: list[_Step] | None = None


def read_vote(reply: str, codes: Collection[str], turns: Collection[int] | None = None) -> Vote | None:
    """The vote in a reply; None if it abstains.

    `codes` are the reason codes of the rubric. `turns` are the indexes that the list of steps may name; None if no
    steps were asked for, and steps are then ignored.
    """
    try:
        read = _Reply.model_validate(last_object(reply))
    except (ValidationError, ValueError, RecursionError):
        return None
    if not _is_sound(read.passed, read.reason, codes):
        return None
    if turns is None:
        return Vote(read.passed, read.score, read.reason)
    named = [step.turn for step in read.steps or ()]
    if read.steps is None or len(set(named)) < len(named) or not set(named) <= set(turns):
        return None
    if not all(_is_sound(step.ok, step.reason, codes) for step in read.steps):
        return None
    return Vote(read.passed, read.score, read.reason, {step.turn: step.reason for step in read.steps})


def _is_sound(passed: bool, reason: str, codes: Collection[str]) -> bool:
    return reason == OK if passed else reason in codes


def last_object(reply: str) -> dict[str, Any]:
    """The JSON object at the end of a reply. Raises ValueError."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_repeats)
    found, end, at = None, 0, reply.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(reply, at)
            at = reply.find("{", end)
        except ValueError:
            found, at = None, reply.find("{", at + 1)
    if not isinstance(found, dict) or not FENCE_END.fullmatch(reply, end):
        raise ValueError("the reply does not end with a JSON object")
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)
