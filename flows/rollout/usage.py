"""Counts of tokens where no tokenizer is at hand: what an API bills, and an estimate of what it has not yet counted."""

from dataclasses import dataclass

CHARS_PER_TOKEN = 4


@dataclass(frozen=True)
class Usage:
    """Tokens of one request as an API counts and bills them."""

    prompt_tokens: int
    """All tokens of the prompt, cached ones included."""
    sampled_tokens: int
    """Reasoning included, also reasoning that the API does not show."""
    cached_tokens: int = 0
    written_tokens: int = 0
    """Prompt tokens that this request wrote to the prompt cache."""
    cost: float | None = None
    """In the currency of the settings' prices; None without prices."""


def estimated_tokens(text: str) -> int:
    """Tokens of a text that no tokenizer has counted: one for each CHARS_PER_TOKEN characters."""
    return -(-len(text) // CHARS_PER_TOKEN)
