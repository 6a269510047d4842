"""Logs the start and the end of a night around its work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from flows.schedule.night_log import NightLog
from flows.schedule.times import Due
from flows.settings import Schedule

DETAIL_CHARS = 500

SetResult = Callable[[str], object]
"""Receives the sentence about a completed night."""


@contextmanager
def recorded(log: NightLog, night: date, due: Due | None, schedule: Schedule, flow_run: str) -> Iterator[SetResult]:
    """Write `started`, then `completed`, `failed` or `stopped`, whichever way the block ends."""
    columns: dict[str, object] = {"night": night.isoformat(), "flow_run": flow_run}
    if due:
        columns |= {"due": due.at, "cron": schedule.cron, "timezone": schedule.timezone}
    log.write("started", **columns)
    results: list[str] = []
    try:
        yield results.append
    except KeyboardInterrupt:
        log.write("stopped", **columns)
        raise
    except Exception as error:
        log.write("failed", **columns, detail=" ".join(str(error).split())[:DETAIL_CHARS] or type(error).__name__)
        raise
    log.write("completed", **columns, detail="; ".join(results))
