"""The attempts that a simulated night makes: those of a lake, or invented ones of the length that a night aims at."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter

import duckdb

from warehouse.connect import execute, query

MOST = 5_000
"""Attempts of a lake that are read."""
SPREAD = 0.6
"""Standard deviation of the logarithm of an invented attempt's number of turns."""


@dataclass(frozen=True)
class Turn:
    """One turn of the agent, and the tools that ran before it."""

    new_tokens: int
    """tokens of the prompt that are new since the last turn of the segment"""
    sampled_tokens: int
    tool_seconds: float = 0.0
    sandbox_seconds: float = 0.0
    """processor seconds of these tools in the sandbox"""
    shared_tokens: int = 0
    """of the new tokens, those of a system prompt that other attempts have too: the prefix cache holds them"""


Segment = tuple[Turn, ...]
Attempt = tuple[Segment, ...]
"""An attempt by its context segments: each starts from an empty context."""


@dataclass(frozen=True)
class Shape:
    """Means of invented attempts. The default has 45,000 tokens: 100 turns of 150 sampled tokens and 300 read ones."""

    turns: float = 100.0
    prompt_tokens: int = 1_200
    read_tokens: int = 290
    sampled_tokens: int = 150
    tool_seconds: float = 0.2
    sandbox_seconds: float = 0.1


def of_lake(con: duckdb.DuckDBPyConnection) -> list[Attempt]:
    """The turns of at most MOST attempts of the lake, chosen by a hash of their ids; empty without attempts."""
    rows = execute(con, query("capacity", "turns_of_attempts"), {"most": MOST}).fetchall()
    return [tuple(_segments(group)) for _, group in groupby(rows, itemgetter(0))]


def invented(shape: Shape, number: int, seed: int = 0) -> list[Attempt]:
    """Attempts of one segment whose numbers of turns are log-normal; the same seed gives the same attempts."""
    draws = random.Random(seed)  # noqa: S311
    scale = shape.turns / math.exp(SPREAD**2 / 2)
    return [_invented(shape, max(1, round(scale * draws.lognormvariate(0, SPREAD))), draws) for _ in range(number)]


def tokens(attempt: Attempt) -> int:
    """All tokens of the attempt's contexts."""
    return sum(turn.new_tokens + turn.sampled_tokens for segment in attempt for turn in segment)


def _segments(rows: Iterator[tuple[object, ...]]) -> Iterator[Segment]:
    for _, group in groupby(rows, itemgetter(1)):
        yield tuple(Turn(*row[2:]) for row in group)  # type: ignore[arg-type]


def _invented(shape: Shape, turns: int, draws: random.Random) -> Attempt:
    first = Turn(shape.prompt_tokens, _about(shape.sampled_tokens, draws))
    later = (
        Turn(
            _about(shape.read_tokens, draws),
            _about(shape.sampled_tokens, draws),
            draws.expovariate(1 / shape.tool_seconds) if shape.tool_seconds else 0.0,
            draws.expovariate(1 / shape.sandbox_seconds) if shape.sandbox_seconds else 0.0,
        )
        for _ in range(turns - 1)
    )
    return ((first, *later),)


def _about(mean: int, draws: random.Random) -> int:
    return max(1, round(draws.expovariate(1 / mean)))


def repeated(attempts: Sequence[Attempt], number: int, seed: int = 0) -> Iterator[Attempt]:
    """`number` attempts drawn from the given ones, each as often as any other, in a random order."""
    draws = random.Random(seed)  # noqa: S311

    def endless() -> Iterator[Attempt]:
        while True:
            yield from draws.sample(attempts, len(attempts))

    return islice(endless(), number)
