"""Sentences about nights: for `factory serve` as they happen, and for `factory status` afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flows.schedule.history import unstarted
from flows.schedule.night_log import NightEvent, NightLog
from flows.schedule.times import next_night
from flows.settings import Schedule
from warehouse.console.progress import format_duration

SHOWN = 7
"""Newest nights that `factory status` lists."""


def sentence(event: NightEvent) -> str:
    """One line about a night's event."""
    doing = {
        "started": f"began at {event.at:%Y-%m-%d %H:%M:%S} UTC",
        "completed": "ended",
        "failed": "failed",
        "stopped": "was stopped; run it again to resume it",
        "killed": "did not end",
        "missed": "was missed",
    }[event.event]
    return f"night {event.night} {doing}{f': {event.detail}' if event.detail else ''}"


def status_lines(log: NightLog, schedule: Schedule) -> Iterator[str]:
    """The newest nights, one line each, those that are due and have not begun, and the next one while served."""
    now = datetime.now(UTC)
    for event in list(log.newest().values())[-SHOWN:]:
        if event.event == "started" and not event.is_alive:
            yield f"night {event.night} did not end: its process {event.pid} was killed; the next run goes on"
        else:
            ago = format_duration((now - event.at).total_seconds())
            yield f"{sentence(event)} ({ago} ago)"
    for due in unstarted(log, schedule, now):
        yield f"night {due.night} was due at {due.at:%Y-%m-%d %H:%M} UTC and has not begun: is `factory serve` running?"
    if any(event.event == "served" for event in log.events()):
        due = next_night(schedule, now)
        local = due.at.astimezone(ZoneInfo(schedule.timezone))
        yield f"next night: {due.night}, at {local:%Y-%m-%d %H:%M} {schedule.timezone}"
