"""Prints the figures of a rehearsal, one table per domain, with the caption that says what they do not show."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.table import Table
from rich.text import Text

from flows.rollout.rehearsal.rehearse import Rehearsed
from warehouse.console.terminal import cell, empty_table

COLUMNS = ("policy", "solved", "calls", "turns", "median", "mean", "p90", "tools", "s")
CAPTION = (
    "Scripted policies write no reasoning: the lengths are a lower bound of what a thinking teacher writes, and say "
    "nothing of its quality. Calls and turns are medians. Policies after a dash are shortcuts, which must fail. Tokens "
    "(median, mean, p90, share from tools) of {tokenizer}."
)


def rehearsal_tables(found: Iterable[Rehearsed], tokenizer: str) -> Iterator[Table]:
    """One table per domain, with one row per policy; the last has the caption."""
    by_domain = [(name, list(rows)) for name, rows in groupby(found, lambda one: one.domain)]
    for place, (name, rows) in enumerate(by_domain, 1):
        table = empty_table(COLUMNS, f"{name}: {rows[0].attempts} tasks")
        for one in rows:
            policy, *figures = _values(one)
            table.add_row(cell(policy), *(Text(figure, justify="right") for figure in figures))
        table.caption = CAPTION.format(tokenizer=tokenizer) if place == len(by_domain) else None
        yield table


def _values(one: Rehearsed) -> tuple[str, ...]:
    lengths = (one.tokens_median, one.tokens_mean, one.tokens_p90)
    counts = [f"{value:,.0f}" for value in (one.calls, one.turns, *lengths)]
    policy = one.engine.replace("shortcut:", "- ")
    return (policy, f"{one.solved:.0%}", *counts, f"{one.observation_share or 0:.0%}", f"{one.seconds:.0f}")
