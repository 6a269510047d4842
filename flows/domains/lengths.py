"""Compares the length of a composer's long tasks with the tokens that an attempt may take, before one is cut there.

An attempt that ends at its window is paid for and solves nothing, so a night that would make such ones names the
setting first.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flows.domains import composers

if TYPE_CHECKING:
    from flows.settings import Settings


def shortage(settings: "Settings", names: Iterable[str], window: int | None = None) -> str | None:
    """A sentence on the composers of these names whose long tasks do not fit, and the settings to change.

    `window` is the server's own limit in tokens, if it is known. None if all fit.
    """
    teacher = settings.teacher.context_window
    served = window is not None and window < teacher
    limits = {"raise tasks.max_tokens": settings.tasks.max_tokens}
    if settings.rollout.compact_at is None:
        longer = "start the server with a longer context" if served else "raise teacher.context_window"
        limits[f"set rollout.compact_at = 0.75, or {longer}"] = min(teacher, window or teacher)
    way = min(limits, key=limits.__getitem__)
    known = composers()
    lengths = {name: known[name][1].tokens for name in sorted(set(names)) if name in known}
    long = [f"{name} ({tokens:,} tokens)" for name, tokens in lengths.items() if tokens > limits[way]]
    return f"long tasks of {', '.join(long)} do not fit in {limits[way]:,} tokens: {way}" if long else None
