"""Steps of a scripted agent: good attempts, and attempts with one planted fault or copied from another.

Texts are random words of an invented vocabulary, drawn from the generator that the caller passes.
"""

import random
from dataclasses import dataclass, replace
from typing import Literal

from schemas import Task

Kind = Literal[
    "good",
    "wrong",  # answers wrongly
    "no_calls",  # answers without a tool call
    "loop",  # repeats one tool call
    "broken",  # has the result of a tool call that no turn made
    "turn_cap",  # reaches its turn limit without an answer
    "turn_cap_answered",  # reaches its turn limit, is prompted once more, and answers rightly
    "aborted",  # aborted after tool faults
    "pending",  # planned, but not started
    "exact_copy",  # a copy of the first sample of the task
    "near_copy",  # a copy of the first sample with one word in twenty of the agent's replaced
    "branch",  # the first half of the first sample, then steps of its own
]

SYLLABLES = ("ba", "ri", "ko", "nu", "te", "la", "mo", "zi")
VOCABULARY = ["".join(SYLLABLES[n // 8**place % 8] for place in range(4)) for n in range(8**4)]


@dataclass(frozen=True)
class Step:
    """One turn of the agent: its reasoning, and a tool call or an answer."""

    reasoning: str
    tool: str | None = None
    argument: str = ""
    content: str = ""


def edited(text: str, dice: random.Random, share: float) -> str:
    """The text with about a `share` of its words (0 to 1) replaced by others of VOCABULARY."""
    return " ".join(dice.choice(VOCABULARY) if dice.random() < share else word for word in text.split(" "))


def random_words(dice: random.Random, count: int) -> str:
    """`count` words of VOCABULARY, separated by spaces."""
    return " ".join(dice.choice(VOCABULARY) for _ in range(count))


def path_of(dice: random.Random, task: Task, n_calls: int, words: int) -> list[Step]:
    """The steps of a good attempt: n_calls tool calls, then the right answer."""
    calls = [
        Step(random_words(dice, words), tool, task.path[n % 2].url if tool == "open" else random_words(dice, 4))
        for n in range(n_calls)
        for tool in [("search", "open", "find")[n % 3]]
    ]
    return [*calls, Step(random_words(dice, words), content=task.answer or "")]


def steps_of(kind: Kind, first: list[Step], fresh: list[Step]) -> list[Step]:
    """The steps of an attempt of a kind: `fresh` changed by its fault, or a copy of `first`, the first sample's."""
    half = len(first) // 2
    if kind == "exact_copy":
        return first
    if kind == "near_copy":
        dice = random.Random(first[0].reasoning)
        return [replace(step, reasoning=edited(step.reasoning, dice, 0.05)) for step in first]
    if kind == "branch":
        return first[:half] + fresh[half:]
    if kind == "no_calls":
        return fresh[-1:]
    if kind == "loop":
        return [*(replace(step, tool="search", argument="the same words") for step in fresh[:-1] * 2), fresh[-1]]
    if kind == "wrong":
        return [*fresh[:-1], replace(fresh[-1], content="Something else")]
    if kind == "turn_cap":
        return fresh[:-1]
    return fresh
