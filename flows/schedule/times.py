"""The nights of a cron expression: which are due in a span of time, and which one a scheduled start belongs to.

A night belongs to the day of its scheduled time in the time zone of the schedule, whenever it really starts. On a day
with several nights each has its time in its run_id. A time that a change of clocks skips belongs to its own day, though
Prefect starts it an hour earlier or later.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from croniter import croniter

from flows.settings import Schedule
from schemas.record import Night

HOUR = timedelta(hours=1)
EARLY = timedelta(seconds=2)
"""Prefect starts a run up to half a second before its time."""


@dataclass(frozen=True)
class Due:
    """A night of the schedule, and the time at which it is due."""

    night: date
    at: datetime


def today(schedule: Schedule) -> date:
    """The present day in the time zone of the schedule."""
    return datetime.now(ZoneInfo(schedule.timezone)).date()


def due_nights(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Due]:
    """The nights due after one time and not after another, in order."""
    zone = ZoneInfo(schedule.timezone)
    for wall in _walls(schedule, _wall(after, zone) - HOUR):
        at = _instant(wall, zone)
        if at > until:
            return
        if at > after:
            yield Due(_night(schedule, wall), at)


def next_night(schedule: Schedule, after: datetime) -> Due:
    """The first night due after a time."""
    return next(due_nights(schedule, after, datetime.max.replace(tzinfo=UTC)))


def scheduled_night(schedule: Schedule, start: datetime) -> date:
    """The night of a run by its scheduled start; for a start that the cron expression does not name, its day.

    A start up to EARLY before a time of the schedule counts as that time.
    """
    zone = ZoneInfo(schedule.timezone)
    wall = _wall(start, zone)
    near = list(takewhile(lambda near: near <= wall + HOUR, _walls(schedule, wall - HOUR - timedelta(minutes=1))))
    named = [nominal for nominal in near if timedelta() <= nominal - wall <= EARLY]
    skipped = [nominal for nominal in near if _is_skipped(nominal, zone)]
    nominal = next(iter(named + skipped), None)
    return _night(schedule, nominal) if nominal else wall.date()


def _walls(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Times of the cron expression on the clock of its zone, without offsets."""
    times = croniter(schedule.cron, after)
    while True:
        yield times.get_next(datetime)


def _night(schedule: Schedule, wall: datetime) -> date:
    midnight = datetime.combine(wall, time())
    of_day = [one for one, _ in zip(_walls(schedule, midnight - timedelta(seconds=1)), range(2), strict=False)]
    if len([one for one in of_day if one.date() == wall.date()]) < 2:
        return wall.date()
    return Night(wall.year, wall.month, wall.day, f"{wall:%H%M}")


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The time in UTC: the first of two on a day with a repeated hour; the same offset as before in a skipped one."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    return _wall(_instant(wall, zone), zone) != wall
