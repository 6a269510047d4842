"""Writes the line that reports to the agent how much of its turns and tokens is spent.

Without it an agent of a long attempt either stops early or is cut in the middle of its work. The line comes every ten
turns, and when half, three quarters and nine tenths of either budget are spent. It follows from committed turns alone,
so a resumed attempt gets the same lines.
"""

from flows.rollout.loop.episode import Episode

EVERY_TURNS = 10
SHARES = (0.5, 0.75, 0.9)
LONG_TURNS = 20
"""Turn budget from which an attempt gets the line: a shorter attempt ends before a line could help it."""


def budget_values(episode: Episode, max_turns: int, max_tokens: int) -> dict[str, str] | None:
    """Values of the prompt `budget_line` after the last assistant turn; None if no line is due there."""
    turns, tokens = episode.assistant_turns, episode.tokens_at_turn
    if max_turns < LONG_TURNS:
        return None
    spent = max(turns / max_turns, tokens / max_tokens)
    before = max((turns - 1) / max_turns, episode.tokens_a_turn_ago / max_tokens)
    if turns % EVERY_TURNS and not any(before < share <= spent for share in SHARES):
        return None
    return {"turn": str(turns), "turns": str(max_turns), "tokens": f"{tokens:,}", "max_tokens": f"{max_tokens:,}"}
