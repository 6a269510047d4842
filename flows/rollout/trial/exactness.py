"""Compares the stored turns of an episode with its exchanges, token by token.

The ids of all turns before a completion, concatenated, must be the prompt that the server received, and the sampled ids
of the turn must be the reply.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.rollout.trial.recorder import Exchange
from schemas.trajectory import Turn


@dataclass(frozen=True)
class Exactness:
    """Completions that were compared, those whose ids are equal, and the first difference in words."""

    compared: int
    equal: int
    difference: str | None = None

    def __add__(self, other: "Exactness") -> "Exactness":
        difference = self.difference or other.difference
        return Exactness(self.compared + other.compared, self.equal + other.equal, difference)


def compare(turns: Sequence[Turn], exchanges: Sequence[Exchange]) -> Exactness:
    """Compare the assistant turns of one episode with its exchanges, both in order.

    A completion that was sampled but not stored, because an error ended the episode, has no turn to compare with.
    """
    stream: list[int] = []
    compared = equal = 0
    first: str | None = None
    waiting = iter(exchanges)
    for turn in turns:
        if turn.role == "assistant" and (exchange := next(waiting, None)):
            found = _difference(turn, stream, exchange)
            compared, equal, first = compared + 1, equal + (found is None), first or found
        stream += turn.token_ids
    return Exactness(compared, equal, first)


def _difference(turn: Turn, stream: list[int], exchange: Exchange) -> str | None:
    n_sampled = sum(turn.sampled)
    cue, sampled = turn.token_ids[: turn.n_tokens - n_sampled], turn.token_ids[turn.n_tokens - n_sampled :]
    echo = exchange.completion.prompt_ids
    pairs = {
        "the prompt": (stream + cue, exchange.prompt_ids),
        "the sampled ids": (sampled, exchange.completion.token_ids),
        "the server's echo of the prompt": (exchange.prompt_ids, echo if echo is not None else exchange.prompt_ids),
    }
    for name, (stored, seen) in pairs.items():
        if stored != seen:
            at = next((at for at, (a, b) in enumerate(zip(stored, seen, strict=False)) if a != b), len(stored))
            ids = f"stored {stored[at : at + 3]}, seen {seen[at : at + 3]}"
            return f"{name} of turn {turn.index} differs from id {at} on: {ids}"
    return None
