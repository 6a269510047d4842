"""Compares the log of nights with the schedule: nights that were missed, and nights whose process was killed.

A night that was due while nothing could start it is run late if no later night is due yet. Otherwise it is written
down as missed: two nights in a row would crawl the same pages for two days.
"""

from datetime import UTC, date, datetime

from flows.schedule.night_log import NightEvent, NightLog
from flows.schedule.times import EARLY, Due, due_nights, today
from flows.settings import Schedule, Settings
from schemas.record import day_of, night_of


def current_night(settings: Settings, day: date | None = None) -> date:
    """The night that a run of the command line resumes or begins: the newest that has begun on the day, or the day.

    The day is today's in the time zone of the schedule by default; a night with a time stands for itself.
    """
    day = day or today(settings.schedule)
    if day.isoformat() != day_of(day):
        return day
    newest = NightLog(settings.state).newest().items()
    begun = [night for night, event in newest if event.event != "missed" and night[: len(day_of(day))] == day_of(day)]
    return night_of(begun[-1]) if begun else day


def unstarted(log: NightLog, schedule: Schedule, until: datetime) -> list[Due]:
    """Nights due by `until` without an event, since this schedule was first served or last started a night."""
    since = _newest_time(log, schedule)
    if since is None:
        return []
    known = log.newest()
    return [due for due in due_nights(schedule, since, until) if due.night.isoformat() not in known]


def record_first_serving(log: NightLog, schedule: Schedule, begun: datetime) -> None:
    """Log that a schedule is served since `begun`, if it never was: a night due while the server starts is not lost."""
    if _newest_time(log, schedule) is None:
        log.write("served", at=begun, cron=schedule.cron, timezone=schedule.timezone)


def record_missed(log: NightLog, schedule: Schedule, now: datetime, reason: str) -> Due | None:
    """Write down each unstarted night but the newest as missed; returns the newest one, which can still run late."""
    nights = unstarted(log, schedule, now)
    for due in nights[:-1]:
        write_missed(log, schedule, due, reason)
    return nights[-1] if nights else None


def write_missed(log: NightLog, schedule: Schedule, due: Due, reason: str) -> NightEvent:
    """Write down a night as missed."""
    columns = {"night": due.night.isoformat(), "due": due.at, "cron": schedule.cron, "timezone": schedule.timezone}
    return log.write("missed", **columns, detail=reason)


def is_superseded(schedule: Schedule, due: Due, now: datetime) -> bool:
    """True if a later night than this one is due already."""
    return any(later.night != due.night for later in due_nights(schedule, due.at + EARLY, now))


def record_killed(log: NightLog, night: str) -> list[NightEvent]:
    """Write down each night that has started and whose process is gone as killed; returns their events.

    Call this under the run lock, before the start of `night` is written.
    """
    gone = [event for event in log.newest().values() if event.event == "started" and not event.is_alive]
    goes_on = "this run resumes it"
    later = f"its unfinished attempts go on in the night of {night}"
    return [
        log.write(
            "killed",
            night=event.night,
            flow_run=event.flow_run,
            due=event.due,
            detail=f"its process {event.pid} was killed; {goes_on if event.night == night else later}",
        )
        for event in gone
    ]


def _newest_time(log: NightLog, schedule: Schedule) -> datetime | None:
    return max((at for event in log.events() if (at := _scheduled_at(event, schedule))), default=None)


def _scheduled_at(event: NightEvent, schedule: Schedule) -> datetime | None:
    """When the schedule stood at this event: the time due, or the start of serving; None under another schedule."""
    if (event.cron, event.timezone) != (schedule.cron, schedule.timezone):
        return None
    at = event.due or event.at
    return at.astimezone(UTC)
