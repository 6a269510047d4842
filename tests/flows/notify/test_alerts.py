"""Alerts of a night through a real receiver: a team that is not woken by a bad night finds it a week later."""

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.notify.alert import Alerts, last_alert_lines
from flows.schedule.night_log import NightLog
from flows.schedule.telling import telling
from flows.settings import Notify, Settings
from tests.doubles.lakes.nights import Made, write_nights
from tests.doubles.lakes.planted import planted
from tests.doubles.receiver import Receiver, receiver
from warehouse.lake import Lake

GOOD = Made()


@pytest.fixture(scope="module")
def inbox() -> Iterator[Receiver]:
    with receiver("hook-9f3c") as started:
        yield started


def settings_of(home: Path, *urls: str, **limits: object) -> Settings:
    return Settings(home=home, notify=Notify.model_validate({"urls": list(urls), **limits}))


def end(settings: Settings, night: date) -> None:
    """A night that ends without an error."""
    with Alerts(settings).watching(night):
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tonight", "expected"),
    [
        (Made(kept=3), ["kept rows 3 instead of 6 (-50%)", "fell below the median of the 7 nights"]),
        (Made(solved=2, kept=2), ["pass rate 20.0% instead of 80.0% (-75%)", "kept rows 2 instead of 6"]),
        (Made(pages=5), ["fetched pages 5 instead of 20 (-75%)"]),
        (Made(tasks=4, solved=4, kept=4, pages=8), ["tokens ", "fetched pages 8 instead of 20"]),
        (Made(kept=0), ["kept no row", "kept rows 0 (usually 6)"]),
        (Made(tasks=0, solved=0, kept=0, pages=0), ["kept no row", "fetched pages 0 (usually 20)"]),
    ],
    ids=["kept", "pass rate", "pages", "tokens", "nothing kept", "no row at all"],
)
def test_a_night_that_made_much_less_sends_one_message(
    tmp_path: Path, inbox: Receiver, tonight: Made, expected: list[str]
) -> None:
    """The message names the figure, the place and time, the size of the fall, and the next command."""
    inbox.received.clear()
    night = write_nights(Lake(tmp_path / "lake"), *[GOOD] * 7, tonight)
    end(settings_of(tmp_path, inbox.address), night)
    [text] = inbox.texts
    assert all(words in text for words in [*expected, f"The night {night} of ", str(tmp_path), "factory status"]), text
    assert text.splitlines()[-1].count(" · ") == 2
    assert inbox.received[0]["type"] == "warning"


@pytest.mark.parametrize(
    "nights",
    [
        [GOOD] * 8,
        [GOOD] * 7 + [Made(kept=4)],
        [GOOD] * 2 + [Made(kept=1)],
        [Made(kept=0), *[GOOD] * 6, GOOD],
        [GOOD] * 9 + [Made(kept=1)] * 7 + [Made(kept=1)],
        [Made(kept=1)],
    ],
    ids=["as usual", "a fall below the limit", "two earlier nights", "an empty night before", "a lower level", "first"],
)
def test_a_good_night_sends_nothing(tmp_path: Path, inbox: Receiver, nights: list[Made]) -> None:
    """A channel with a message every morning is muted within a week."""
    inbox.received.clear()
    end(settings_of(tmp_path, inbox.address), write_nights(Lake(tmp_path / "lake"), *nights))
    assert inbox.texts == []


def test_the_limits_are_settings(tmp_path: Path, inbox: Receiver) -> None:
    """A team with steady nights needs an alert about a fall by a third; one with three nights so far, too."""
    inbox.received.clear()
    night = write_nights(Lake(tmp_path / "lake"), *[Made(kept=1)] * 3, *[GOOD] * 3, Made(kept=4))
    end(settings_of(tmp_path, inbox.address, max_fall=0.3, nights=6), night)
    assert inbox.texts == []  # the median over all six nights is lower
    end(settings_of(tmp_path, inbox.address, max_fall=0.3, nights=3), night)
    assert len(inbox.texts) == 1 and "kept rows 4 instead of 6 (-33%)" in inbox.texts[0]


def test_a_failed_night_names_its_error_and_passes_it_on(tmp_path: Path, inbox: Receiver) -> None:
    """The error decides who is woken; passwords in it must not reach a chat channel."""
    inbox.received.clear()
    night = write_nights(Lake(tmp_path / "lake"), *[GOOD] * 4)
    key = next(one.secret for one in planted(6, seed=1) if one.kind == "github_token")
    with pytest.raises(ValueError, match="hunter2"), Alerts(settings_of(tmp_path, inbox.address)).watching(night):
        raise ValueError(f"http://reader:hunter2@gpu1:8000 refused {key}\n{'long ' * 300}")
    [text] = inbox.texts
    assert "failed: ValueError: http://***@gpu1:8000 refused" in text
    assert "hunter2" not in text and key not in text and len(text) < 1_200
    assert f"factory run --date {night}" in text and "kept rows 6 (usually 6)" in text
    assert inbox.received[0]["type"] == "failure"


def test_a_failed_night_with_a_damaged_lake_still_sends_its_message(tmp_path: Path, inbox: Receiver) -> None:
    """The damage that fails the night also hides its figures."""
    inbox.received.clear()
    night = write_nights(Lake(tmp_path / "lake"), GOOD)
    for part in (tmp_path / "lake").rglob("*.parquet"):
        part.write_bytes(b"damaged")
    with pytest.raises(RuntimeError), Alerts(settings_of(tmp_path, inbox.address)).watching(night):
        raise RuntimeError("the lake is damaged")
    assert "the lake is damaged" in inbox.texts[0]
    end(settings_of(tmp_path, inbox.address), night)  # without an error of its own, the night stays a success
    assert len(inbox.texts) == 1


def test_an_interrupt_sends_nothing(tmp_path: Path, inbox: Receiver) -> None:
    """Ctrl-C and a restart of the service are decisions of a person."""
    inbox.received.clear()
    with pytest.raises(KeyboardInterrupt), Alerts(settings_of(tmp_path, inbox.address)).watching(date(2026, 11, 1)):
        raise KeyboardInterrupt
    assert inbox.texts == []


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A file with every line that reaches the root logger, as a service's log does."""
    path, root = tmp_path / "log.txt", logging.getLogger()
    handler, level = logging.FileHandler(path), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield path
    root.removeHandler(handler)
    root.setLevel(level)


def test_addresses_that_fail_neither_fail_the_night_nor_show_their_secrets(
    tmp_path: Path, inbox: Receiver, log: Path
) -> None:
    """A typo in one address must not lose the message of the others, nor print a webhook's token into a log."""
    inbox.received.clear()
    night = write_nights(Lake(tmp_path / "lake"), Made(kept=0))
    with receiver("s3cret-path", status=500) as refusing:
        gone = "json://reader:hunter2@127.0.0.1:9/s3cret-path"
        end(settings_of(tmp_path, refusing.address, gone, inbox.address), night)
    assert len(inbox.texts) == 1
    lines = list(last_alert_lines(tmp_path / "state"))
    assert "kept nothing" in lines[0]
    assert "notify.urls[0] (JSON): its service answered HTTP 500" in lines[1]
    assert "notify.urls[1] (JSON): its service cannot be reached" in lines[2]
    logged = "\n".join(line for line in log.read_text().splitlines() if "POST" not in line)  # the receivers' own lines
    assert "HTTP 500" in logged
    everything = "\n".join([logged, *lines, (tmp_path / "state" / "alert.json").read_text()])
    assert not [secret for secret in ("s3cret-path", "hunter2", "hook-9f3c") if secret in everything]


def test_a_missed_night_is_reported_by_the_process_that_finds_it(tmp_path: Path, inbox: Receiver) -> None:
    """Nothing runs on a machine that was off, so the night after it has to report the missing one."""
    inbox.received.clear()
    log, settings = NightLog(tmp_path / "state"), settings_of(tmp_path, inbox.address)
    log.write("missed", night="2026-11-01", detail="an older one")
    with pytest.raises(ValueError, match="too late"), telling(log, Alerts(settings)):
        log.write("served")
        log.write("missed", night="2026-11-02", detail="it was due while no `factory serve` ran")
        raise ValueError("too late")
    [text] = inbox.texts
    assert (
        text.startswith("The night 2026-11-02 of ") and "was missed: it was due while no `factory serve` ran." in text
    )
    assert "factory run --date 2026-11-02" in text
    with telling(log, Alerts(settings_of(tmp_path))):  # without an address, nothing is computed or sent
        log.write("missed", night="2026-11-03", detail="too late")
    assert len(inbox.texts) == 1
