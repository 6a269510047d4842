"""Probabilities of sampled tokens as shades: one of six per token, and a strip of them per step of the agent.

A cell of the strip has the shade of its least probable token: a mean would hide the one token at which an agent goes
wrong.
"""

import math
from dataclasses import dataclass

CELLS = 60
"""Cells of a step's strip at most."""
LEVELS = (0.9, 0.7, 0.5, 0.3, 0.1)
"""Least probabilities of the shades 0 to 4; shade 5 is less probable still."""
UNLIKELY = 0.1


@dataclass(frozen=True)
class Confidence:
    """Probabilities of a step's sampled tokens: the shades of the strip, and their summary."""

    cells: list[int]
    mean: float
    """Geometric mean of the probabilities."""
    least: float
    unlikely: int
    """Tokens with a probability below UNLIKELY."""
    tokens: int


def confidence(logprobs: list[float] | None) -> Confidence | None:
    """Summarise natural log-probabilities of sampled tokens; None without any."""
    if not logprobs:
        return None
    width = -(-len(logprobs) // CELLS)
    shares = [logprobs[at : at + width] for at in range(0, len(logprobs), width)]
    unlikely = sum(one < math.log(UNLIKELY) for one in logprobs)
    mean = math.exp(sum(logprobs) / len(logprobs))
    return Confidence([shade(min(s)) for s in shares], mean, math.exp(min(logprobs)), unlikely, len(logprobs))


def shade(logprob: float) -> int:
    """The shade of a token, from 0 (probable) to 5."""
    return sum(math.exp(logprob) < level for level in LEVELS)
