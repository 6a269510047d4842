"""Times of nights: every night is booked on the day of its schedule, also around midnight and changes of clocks."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from prefect.server.schemas.schedules import CronSchedule

from flows.schedule.times import due_nights, next_night, scheduled_night
from flows.settings import Schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "scheduled", "day"),
    [
        ("UTC", "2026-11-28T00:00", 28),
        ("Asia/Tokyo", "2026-11-27T15:00", 28),
        ("America/New_York", "2026-11-28T05:00", 28),
    ],
)
def test_a_night_at_midnight_belongs_to_the_day_that_begins(timezone: str, scheduled: str, day: int) -> None:
    """A run starts up to half a second early: by its own clock, the night would be booked on the day before."""
    schedule = Schedule(cron="0 0 * * *", timezone=timezone)
    assert scheduled_night(schedule, at(scheduled)) == date(2026, 11, day)


def test_several_nights_of_a_day_have_their_times() -> None:
    """With one id for both, the second night of a day is swallowed by the first."""
    schedule = Schedule(cron="0 2,14 * * 1-5", timezone="Asia/Tokyo")
    nights = [str(due.night) for due in due_nights(schedule, at("2026-11-26T12:00"), at("2026-11-30T06:00"))]
    assert nights == ["2026-11-27T0200", "2026-11-27T1400", "2026-11-30T0200", "2026-11-30T1400"]
    assert str(scheduled_night(schedule, at("2026-11-27T05:00"))) == "2026-11-27T1400"


@pytest.mark.parametrize("cron", ["0 2 * * *", "@daily", "30 3 * * 6", "0 0 1 * *"])
def test_the_only_night_of_a_day_is_the_day(cron: str) -> None:
    """Old lakes have the day alone: their nights must go on under the same id."""
    due = next_night(Schedule(cron=cron), at("2026-11-28T00:30"))
    assert due.night.isoformat() == f"{due.at:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("cron", "timezone", "start"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-26"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-22"),
        ("0 0 * * *", "Africa/Cairo", "2026-04-21"),
        ("0 0 * * *", "America/Havana", "2026-03-05"),
        ("0 */6 * * *", "America/New_York", "2026-03-06"),
        ("15 * * * *", "Australia/Lord_Howe", "2026-10-03"),
    ],
)
def test_changes_of_clocks_neither_lose_nor_double_a_night(cron: str, timezone: str, start: str) -> None:
    """Prefect starts a skipped time an hour early: by its clock, midnight's night would be that of the day before."""
    prefect = asyncio.run(CronSchedule(cron=cron, timezone=timezone).get_dates(40, start=at(start)))
    schedule = Schedule(cron=cron, timezone=timezone)
    started = [scheduled_night(schedule, datetime.fromtimestamp(one.timestamp(), UTC)) for one in prefect]
    due = [one.night for one in due_nights(schedule, at(start) - timedelta(seconds=1), at(start) + timedelta(days=50))]
    assert started == due[:40]
    assert len(set(due)) == len(due)
