"""A dialect for a model of random weights: every completion counts as a search, until the turn cap.

The real dialect renders the conversation and parses each completion, at its real cost; then the result is replaced by a
search. The lengths of turns are log-normal and follow from the turn's seed.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.protocol import Completion, Dialect, Parsed, Sampling


@dataclass(frozen=True)
class Lengths:
    """The distribution of a turn's tokens: log-normal around a median, within bounds."""

    median: float = 90.0
    sigma: float = 0.7
    least: int = 16
    most: int = 400

    def of(self, seed: int) -> int:
        """The length drawn with a seed."""
        drawn = self.median * math.exp(random.Random(seed).gauss(0, self.sigma))
        return min(self.most, max(self.least, round(drawn)))


class AlwaysSearching:
    """Wraps a dialect; parsed completions become searches."""

    def __init__(self, within: Dialect, lengths: Lengths) -> None:
        self._within, self._lengths = within, lengths

    def __getattr__(self, name: str) -> Any:
        return getattr(self._within, name)

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """A search whose query follows from the token ids."""
        parsed = await self._within.parse(completion, tools)
        mark = sum(completion.token_ids) % 10_000
        call = ToolCall(f"call_{mark:04d}", "search", {"query": f"lighthouse island keeper {mark}"})
        return replace(parsed, calls=(call,), answer=None, parse="ok")

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The wrapped dialect's parameters, limited to a drawn length."""
        parameters = self._within.sampling(sampling, must_answer=must_answer, tools=tools)
        return replace(parameters, max_tokens=min(parameters.max_tokens, self._lengths.of(parameters.seed)))
