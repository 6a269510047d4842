"""Detects degenerate repetition: a generation that ends in the same block of tokens again and again.

The rule is that of vLLM (`repetition_detection`, v1/core/sched/utils.py): a block of 1 to MAX_BLOCK ids occurs `limit`
times in a row at the end. A generation that a server with that option stops early and one that a server without it
lets run on therefore get the same label.
"""

from collections.abc import Sequence

MAX_BLOCK = 128
"""Longest block, in tokens: about a paragraph. A server checks after each token and may check shorter blocks only."""
MIN_REPEATS = 2
REPETITION = "repetition"
"""The finish_reason of a generation that the engine stopped for repetition, and the `parse` of such a turn."""


def find_repetition(ids: Sequence[int], limit: int) -> int:
    """Length of the shortest block that occurs `limit` times in a row at the end; 0 if there is none or limit is 0.

    Only the last MAX_BLOCK * limit ids are read, so the cost does not grow with the generation.
    """
    if not limit:
        return 0
    limit = max(MIN_REPEATS, limit)
    for block in range(1, min(MAX_BLOCK, len(ids) // limit) + 1):
        if ids[-1] == ids[-1 - block] and ids[-block * (limit - 1) :] == ids[-block * limit : -block]:
            return block
    return 0


def ends_in_repetition(ids: Sequence[int], finish_reason: str, limit: int) -> bool:
    """True if the engine stopped the generation for repetition, or it ends in one, ignoring a final stop token."""
    if not limit:
        return False
    stopped = finish_reason == "stop"
    return finish_reason == REPETITION or bool(
        find_repetition(ids, limit) or (stopped and find_repetition(ids[:-1], limit))
    )
