"""The log of nights against the schedule: a night that was missed or killed is never silent."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.schedule.booking import NightMissed, booked, record_missed_before
from flows.schedule.history import current_night, record_first_serving, record_killed, record_missed
from flows.schedule.night_log import LOG_FILE, NightLog
from flows.schedule.recorded import recorded
from flows.schedule.run_lock import RunLocked, run_lock
from flows.schedule.sentences import status_lines
from flows.schedule.times import Due, due_nights, scheduled_night
from flows.settings import Schedule, Settings

HOURLY = Schedule(cron="0 * * * *")
STAMP = {"cron": HOURLY.cron, "timezone": HOURLY.timezone}


def served_since(log: NightLog, hours: float) -> datetime:
    """A log of a schedule served since that many hours; returns the present time."""
    now = datetime.now(UTC)
    log.write("served", **STAMP, at=now - timedelta(hours=hours))
    return now


def test_nights_of_an_outage_are_missed_but_the_newest_runs_late(tmp_path: Path) -> None:
    """After an outage the newest night can still be done; the others must not vanish."""
    log = NightLog(tmp_path)
    now = served_since(log, 5)
    due = [one.night.isoformat() for one in due_nights(HOURLY, now - timedelta(hours=5), now)]
    late = record_missed(log, HOURLY, now, "nothing served")
    assert late and late.night.isoformat() == due[-1]
    assert [event.night for event in log.events() if event.event == "missed"] == due[:-1]
    assert not [
        line for line in status_lines(log, HOURLY) if due[-2] in line and "was missed: nothing served" not in line
    ]
    assert any(f"night {due[-1]} was due" in line for line in status_lines(log, HOURLY))


def test_a_night_that_is_due_while_the_first_server_starts_runs_late(tmp_path: Path) -> None:
    """The server of a new home takes a while to start; a night due meanwhile would be lost on the first day."""
    log, now = NightLog(tmp_path), datetime.now(UTC)
    record_first_serving(log, HOURLY, now - timedelta(minutes=61))
    late = record_missed(log, HOURLY, now, "nothing served")
    assert late and late.at <= now
    record_first_serving(log, HOURLY, now)
    assert record_missed(log, HOURLY, now, "nothing served") == late


def test_a_run_whose_successor_is_due_is_missed_and_an_earlier_one_too(tmp_path: Path) -> None:
    """A worker that was away for days would crawl the same pages once for each of them."""
    log = NightLog(tmp_path)
    now = served_since(log, 4)
    *_, third, second, newest = due_nights(HOURLY, now - timedelta(hours=4), now)
    with pytest.raises(NightMissed, match=second.night.isoformat()):
        record_missed_before(log, HOURLY, second)
    record_missed_before(log, HOURLY, newest)
    missed = [event.night for event in log.events() if event.event == "missed"]
    assert third.night.isoformat() in missed and second.night.isoformat() in missed
    assert newest.night.isoformat() not in missed and len(set(missed)) == len(missed)
    with pytest.raises(NightMissed):
        record_missed_before(log, HOURLY, second)
    assert len([event for event in log.events() if event.event == "missed"]) == len(missed)


def test_another_schedule_misses_no_night_of_the_old_one(tmp_path: Path) -> None:
    """A changed cron expression must not report nights that were never due."""
    log = NightLog(tmp_path)
    now = served_since(log, 50)
    assert record_missed(log, Schedule(cron="30 * * * *"), now, "") is None
    assert record_missed(NightLog(tmp_path / "new"), HOURLY, now, "") is None


def test_a_scheduled_night_that_finds_the_home_taken_is_missed(tmp_path: Path) -> None:
    """A night refused by the run lock would otherwise leave no trace but a failed run in Prefect."""
    log, due = NightLog(tmp_path), Due(date(2026, 11, 28), datetime(2026, 11, 28, 2, tzinfo=UTC))
    with run_lock(tmp_path), pytest.raises(RunLocked), booked(log, HOURLY, due, tmp_path):
        pass
    assert log.newest()["2026-11-28"].event == "missed"
    assert str(os.getpid()) in log.newest()["2026-11-28"].detail


KILLED = """
import pathlib, sys
from datetime import date
from flows.schedule.night_log import NightLog
from flows.schedule.recorded import recorded
from flows.settings import Schedule
with recorded(NightLog(pathlib.Path(sys.argv[1])), date(2026, 11, 27), None, Schedule(), "a-run"):
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_run_says_which_night_was_killed(tmp_path: Path) -> None:
    """Without it, a night that the kernel ended looks like one that is still at work."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    log = NightLog(tmp_path)
    assert any("2026-11-27 did not end" in line for line in status_lines(log, HOURLY))
    (event,) = record_killed(log, "2026-11-28")
    assert (event.night, event.flow_run) == ("2026-11-27", "a-run")
    assert "go on in the night of 2026-11-28" in event.detail
    assert record_killed(log, "2026-11-28") == []


@pytest.mark.parametrize(
    ("error", "event", "detail"),
    [(None, "completed", "3 kept"), (ValueError("no disk"), "failed", "no disk"), (KeyboardInterrupt(), "stopped", "")],
)
def test_every_end_of_a_night_is_logged(tmp_path: Path, error: BaseException | None, event: str, detail: str) -> None:
    """The status must not show a stopped night as a failed one."""
    log = NightLog(tmp_path)
    try:
        with recorded(log, date(2026, 11, 28), None, HOURLY, "") as set_result:
            assert log.newest()["2026-11-28"].is_alive
            set_result("3 kept")
            if error:
                raise error
    except (ValueError, KeyboardInterrupt) as raised:
        assert raised is error
    assert (log.newest()["2026-11-28"].event, log.newest()["2026-11-28"].detail) == (event, detail)


def test_a_damaged_line_costs_itself_only(tmp_path: Path) -> None:
    """A log that cannot be read must not stop the nights."""
    log = NightLog(tmp_path)
    log.write("completed", night="2026-11-27")
    (tmp_path / LOG_FILE).open("ab").write(b'\x00\xff{"event": "star\n[1]\n')
    log.write("completed", night="2026-11-28")
    assert list(log.newest()) == ["2026-11-27", "2026-11-28"]
    assert len(list(status_lines(log, HOURLY))) == 2


def test_the_command_line_resumes_the_newest_night_of_the_day(tmp_path: Path) -> None:
    """A run by hand after the second night was killed must go on with that one."""
    settings = Settings(home=tmp_path, schedule=HOURLY)
    log, day = NightLog(settings.state), date(2026, 11, 28)
    assert current_night(settings, day) == day
    for event, night in (("started", "2026-11-28T0200"), ("started", "2026-11-28T1400"), ("missed", "2026-11-28T1500")):
        log.write(event, night=night)  # type: ignore[arg-type]
    assert str(current_night(settings, day)) == "2026-11-28T1400"
    assert str(current_night(settings, date(2026, 11, 27))) == "2026-11-27"


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Tokyo"])
def test_a_run_that_starts_before_midnight_is_of_the_next_day(timezone: str) -> None:
    """Served runs begin up to half a second early, on the day before."""
    schedule = Schedule(cron="0 0 * * *", timezone=timezone)
    (due,) = due_nights(
        schedule, datetime(2026, 11, 27, 15, 0, tzinfo=UTC) - timedelta(hours=1), datetime(2026, 11, 28, tzinfo=UTC)
    )
    early = due.at - timedelta(seconds=0.4)
    assert scheduled_night(schedule, early) == scheduled_night(schedule, due.at) == date(2026, 11, 28) == due.night
