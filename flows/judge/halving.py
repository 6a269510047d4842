"""Puts an attempt to a model in as much text as its window holds: a text that is refused as too long is halved.

Every reply is to the same text, so that votes on one attempt can be compared.
"""

from collections.abc import Callable

from flows.judge.model import Drawn, JudgeModel

LEAST_CHARS = 1_000
"""A model whose window cannot hold an attempt cut to this size reads nothing."""
Write = Callable[[int], tuple[str, list[int]]]
"""Characters at most -> the user message on an attempt, and the indexes of the agent's turns in it."""


def replies(model: JudgeModel, system: str, write: Write, max_chars: int, count: int) -> tuple[list[Drawn], list[int]]:
    """`count` replies to the longest text that the model takes, and the turns in it; too long at any size: as they are.

    Raises the error of a model that fails.
    """
    size = max_chars
    while True:
        user, turns = write(size)
        drawn = list[Drawn]()
        for number in range(count):
            reply = model.draw(system, user, number)
            if reply.too_long and size // 2 >= LEAST_CHARS:
                break
            drawn.append(reply)
        else:
            return drawn, turns
        size //= 2
