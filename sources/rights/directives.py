"""Directives to robots in meta elements and in X-Robots-Tag headers, as search engines read them.

Google's specification (2007, X-Robots-Tag and unavailable_after since then) defines the syntax; noai and noimageai are
DeviantArt's (2022), noml is Mojeek's (2023). All directives that apply count together, so that the strictest wins.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

NAMES = frozenset({"noindex", "nofollow", "noai", "noimageai", "noml"})
WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
EVERY_ROBOT = "robots"

_UNTIL = re.compile(r"unavailable_after\s*:\s*((?:[a-z]{3,9},\s*)?[^,]+)", re.IGNORECASE)
_NAMED = re.compile(r"\s*([a-z0-9_.*-]+)\s*:\s*(?!//)", re.IGNORECASE)
_SEPARATOR = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Directives:
    """The directives that apply to this crawler."""

    names: frozenset[str] = frozenset()
    """of NAMES"""
    unavailable_after: datetime | None = None
    """UTC time after which the page is not to be shown; the earliest, if there are several"""

    def __or__(self, other: "Directives") -> "Directives":
        until = [moment for moment in (self.unavailable_after, other.unavailable_after) if moment]
        return Directives(self.names | other.names, min(until, default=None))


def from_meta(metas: Iterable[tuple[str, str]], agent: str) -> Directives:
    """Read (name, content) pairs of meta elements: those named `robots`, and those named as this agent's token."""
    found = Directives()
    for name, content in metas:
        if name.strip().lower() in (EVERY_ROBOT, agent.lower()):
            found |= _read(content)
    return found


def from_header(values: Iterable[str], agent: str) -> Directives:
    """Read the values of X-Robots-Tag headers, one a header. `name: noindex` is for the robot of that name only."""
    found = Directives()
    for value in values:
        for robot, content in _by_robot(value):
            if robot in (EVERY_ROBOT, "*", agent.lower()):
                found |= _read(content)
    return found


def _by_robot(value: str) -> Iterable[tuple[str, str]]:
    """Split a header at the names of robots: (robot, directives). A name holds until the next one."""
    robot, pieces = EVERY_ROBOT, list[str]()
    for piece in value.split(","):
        named = _NAMED.match(piece)
        if named and named[1].lower() not in WITH_VALUE:
            yield robot, ",".join(pieces)
            robot, pieces = named[1].lower(), [piece[named.end() :]]
        else:
            pieces.append(piece)
    yield robot, ",".join(pieces)


def _read(content: str) -> Directives:
    until = [moment for text in _UNTIL.findall(content) if (moment := _moment(text))]
    words = set(_SEPARATOR.split(_UNTIL.sub("", content).lower()))
    if "none" in words:
        words |= {"noindex", "nofollow"}
    return Directives(NAMES & words, min(until, default=None))


def _moment(text: str) -> datetime | None:
    """Read a date of ISO 8601, RFC 822 or RFC 850; None for any other text, which then has no effect."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
