"""A dialect for a model of random weights, so that its episodes are episodes: every turn searches, until the turn cap.

The conversation is rendered and each completion read by the real dialect, at its real cost; then whatever was said
is taken for a search. The lengths of turns are log-normal, drawn by the turn's own seed, as budgets of sampling.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.domains.contract import ToolCall, ToolSpec
from flows.rollout.protocol import Completion, Dialect, Parsed, Sampling


@dataclass(frozen=True)
class Lengths:
    """Tokens of a turn: log-normal around a median, within bounds."""

    median: float = 90.0
    sigma: float = 0.7
    least: int = 16
    most: int = 400

    def of(self, seed: int) -> int:
        """The length that belongs to a seed."""
        drawn = self.median * math.exp(random.Random(seed).gauss(0, self.sigma))
        return min(self.most, max(self.least, round(drawn)))


class Aimless:
    """The dialect within, with calls made of what means nothing."""

    def __init__(self, within: Dialect, lengths: Lengths) -> None:
        self._within, self._lengths = within, lengths

    def __getattr__(self, name: str) -> Any:
        return getattr(self._within, name)

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """A search for a page that follows from the ids."""
        said = await self._within.parse(completion, tools)
        mark = sum(completion.token_ids) % 10_000
        call = ToolCall(f"call_{mark:04d}", "search", {"query": f"lighthouse island keeper {mark}"})
        return replace(said, calls=(call,), answer=None, parse="ok")

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The dialect's own, of a drawn length."""
        wish = self._within.sampling(sampling, must_answer=must_answer, tools=tools)
        return replace(wish, max_tokens=min(wish.max_tokens, self._lengths.of(wish.seed)))
