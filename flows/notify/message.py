"""Writes the text of an alert: one sentence, the next step, and the three numbers that matter.

The text goes to chat services and mail, so an error's words are shortened, and passwords and personal data in them are
replaced.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flows.notify.figures import PASS_RATE, Figure
from sources.privacy.redaction import redact
from warehouse.console.terminal import visible

SHOWN_NUMBERS = 3
ERROR_CHARS = 400
LOGIN = re.compile(r"(?<=://)[^/@\s]+(?=@)")


class Kind(StrEnum):
    """Reasons for a message."""

    failed = "failed"
    killed = "did not end"
    missed = "was missed"
    nothing = "kept nothing"
    fell = "fell"
    test = "test"


@dataclass(frozen=True)
class Message:
    """One alert."""

    kind: Kind
    title: str
    body: str


@dataclass(frozen=True)
class Place:
    """The night that a message is about, and its home."""

    home: Path
    night: str

    def __str__(self) -> str:
        return f"the night {self.night} of {socket.gethostname()}:{self.home.resolve()}"


def failed(place: Place, error: Exception, known: Sequence[Figure]) -> Message:
    """The message about a night that an error ended."""
    sentence = f"{place} failed: {_words(error)}"
    after = f"Mend it, then run `factory run --date {place.night}` there: it goes on where the night stopped."
    return _message(place, Kind.failed, sentence, after, known)


def unended(place: Place, kind: Kind, detail: str, known: Sequence[Figure]) -> Message:
    """The message about an earlier night that was killed, or that never began; `detail` is the cause in words."""
    after = f"Run `factory status` there for the newest nights; `factory run --date {place.night}` completes this one."
    return _message(place, kind, f"{place} {kind.value}: {_plain(detail)}.", after, known)


def nothing(place: Place, known: Sequence[Figure]) -> Message:
    """The message about a night that ended without an error and without a kept row."""
    after = "Run `factory status` there: the funnel counts the attempts with the reason why each was not kept."
    return _message(place, Kind.nothing, f"{place} kept no row.", after, known)


def fell(place: Place, fallen: Sequence[Figure], known: Sequence[Figure]) -> Message:
    """The message about a night with figures that fell below the nights before it."""
    parts = [
        f"{one.name} {shown(one)} instead of {_value(one.name, one.usual or 0)} ({-one.fall:.0%})" for one in fallen
    ]
    sentence = f"{place} fell below the median of the {fallen[0].nights} nights before it: {', '.join(parts)}."
    after = 'Run `factory status` there for the reasons, and `factory sql "from nights"` for the figures of all nights.'
    return _message(place, Kind.fell, sentence, after, [*fallen, *known])


def of_test(home: Path) -> Message:
    """The message of `factory notify test`."""
    place = f"{socket.gethostname()}:{home.resolve()}"
    body = f"This is a test of {place}. Alerts about its nights arrive here; there is nothing to do."
    return Message(Kind.test, "Horizon Factory: test", body)


def shown(figure: Figure) -> str:
    """The value of the night, for people."""
    return _value(figure.name, figure.tonight) if figure.is_known else "none"


def _message(place: Place, kind: Kind, sentence: str, after: str, known: Sequence[Figure]) -> Message:
    unique = list({one.name: one for one in known}.values())[:SHOWN_NUMBERS]
    numbers = " · ".join(f"{one.name} {shown(one)}{_usually(one)}" for one in unique)
    body = "\n".join(line for line in (sentence[0].upper() + sentence[1:], after, numbers) if line)
    return Message(kind, f"Horizon Factory: night {place.night} {kind.value}", body)


def _usually(figure: Figure) -> str:
    return "" if figure.usual is None else f" (usually {_value(figure.name, figure.usual)})"


def _value(name: str, amount: float) -> str:
    return f"{amount:.1%}" if name == PASS_RATE else f"{amount:,.0f}"


def _words(error: Exception) -> str:
    return _plain(f"{type(error).__name__}: {error}")


def _plain(words: str) -> str:
    """Words of an error on one line, shortened, without passwords and personal data."""
    text, _ = redact(LOGIN.sub("***", words))
    line = visible(" ".join(text.split()), lines=False)
    return line if len(line) <= ERROR_CHARS else f"{line[: ERROR_CHARS - 1]}…"
