"""Prints the figures of a rehearsal as a table, with the caption that says what they do not show."""

from collections.abc import Iterable

from rich.table import Table

from flows.rollout.rehearsal.rehearse import Rehearsed
from warehouse.console.terminal import cell, empty_table

COLUMNS = (
    "domain", "policy", "tasks", "solved", "calls", "turns", "tokens, median", "mean", "p90", "from tools", "seconds",
)  # fmt: skip
CAPTION = (
    "Scripted policies write no reasoning: the lengths are a lower bound of what a thinking teacher writes, and say "
    "nothing of its quality. Calls and turns are medians. Tokens of {tokenizer}."
)


def rehearsal_table(found: Iterable[Rehearsed], tokenizer: str) -> Table:
    """One row per domain and policy."""
    table = empty_table(COLUMNS, "Rehearsal")
    for one in found:
        shares = (f"{one.solved:.0%}", f"{one.observation_share or 0:.0%}")
        lengths = (one.tokens_median, one.tokens_mean, one.tokens_p90)
        counts = [f"{value:,.0f}" for value in (one.calls, one.turns, *lengths)]
        values = (one.domain, one.engine, one.attempts, shares[0], *counts, shares[1], f"{one.seconds:.1f}")
        table.add_row(*map(cell, values))
    table.caption = CAPTION.format(tokenizer=tokenizer)
    return table
