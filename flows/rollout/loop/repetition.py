"""Degenerate repetition: a generation that says the same block of tokens again and again.

The rule is vLLM's own (`repetition_detection`, v1/core/sched/utils.py): some block of 1 to LONGEST_BLOCK
ids stands at the end, `limit` times on end. So what a server with that option cuts early, and what one
without it lets run on, get the same label.
"""

from collections.abc import Sequence

LONGEST_BLOCK = 128
"""Longest block that is looked for, in tokens: a paragraph. A server, which looks after each token, may look for
shorter ones only."""
FEWEST = 2
"""Saying something once is no repetition."""
STOPPED = "repetition"
"""The finish_reason of a generation that the engine cut for it, and how such a turn's `parse` is named."""


def find_repetition(ids: Sequence[int], limit: int) -> int:
    """Length of the shortest block that ends the ids `limit` times on end; 0 when none does or limit is 0.

    Looks at the last LONGEST_BLOCK * limit ids only: its cost does not grow with the generation.
    """
    if not limit:
        return 0
    limit = max(FEWEST, limit)
    for block in range(1, min(LONGEST_BLOCK, len(ids) // limit) + 1):
        if ids[-1] == ids[-1 - block] and ids[-block * (limit - 1) :] == ids[-block * limit : -block]:
            return block
    return 0


def repeats(ids: Sequence[int], finish_reason: str, limit: int) -> bool:
    """Did a generation end in repetition: cut for it, or found so at its end, a closing stop token left aside?"""
    if not limit:
        return False
    closed = finish_reason == "stop"
    return finish_reason == STOPPED or bool(
        find_repetition(ids, limit) or (closed and find_repetition(ids[:-1], limit))
    )
