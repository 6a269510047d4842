"""Books a scheduled night at its start: nights before it that never began, and whether it can still run, are logged."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flows.schedule.history import is_superseded, unstarted, write_missed
from flows.schedule.night_log import NightLog
from flows.schedule.run_lock import RunLocked, run_lock
from flows.schedule.times import EARLY, Due
from flows.settings import Schedule

NOT_SERVED = "it was due while no `factory serve` ran, and a later night was due by the next start"
TOO_LATE = "its start came so late that a later night was due already"


class NightMissed(Exception):
    """A scheduled night came too late; the message gives the reason."""


def record_missed_before(log: NightLog, schedule: Schedule, due: Due) -> None:
    """Write down earlier nights that never began; raises NightMissed if it is too late for this one."""
    for earlier in unstarted(log, schedule, due.at - EARLY):
        write_missed(log, schedule, earlier, NOT_SERVED)
    event = log.newest().get(due.night.isoformat())
    if event and event.event != "missed":
        return
    if is_superseded(schedule, due, datetime.now(UTC)):
        missed = event or write_missed(log, schedule, due, TOO_LATE)
        raise NightMissed(f"night {due.night} was missed: {missed.detail}")


@contextmanager
def booked(log: NightLog, schedule: Schedule, due: Due | None, state: Path) -> Iterator[None]:
    """Hold the run lock; a scheduled night that does not get it is missed. Raises RunLocked."""
    with ExitStack() as stack:
        try:
            stack.enter_context(run_lock(state))
        except RunLocked as error:
            if due:
                write_missed(log, schedule, due, str(error))
            raise
        yield
