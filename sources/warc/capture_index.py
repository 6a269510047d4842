"""One pass over an archive: the newest capture of each url, where its payload is, and the robots.txt of each site."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import urlsplit

from sources.http.decompress import TooLarge
from sources.http.robots import MAX_BYTES, robots_text
from sources.urls import normalise, origin_of
from sources.warc.http_message import BadMessage, parse_message
from sources.warc.records import ArchiveRecord, DamagedPlaces, archive_records

OLDEST = datetime.min.replace(tzinfo=UTC)
ROBOTS_PATH = "/robots.txt"


@dataclass
class Capture:
    """The newest capture of a url so far."""

    date: datetime
    number: int
    kind: str
    digest: str | None


@dataclass(frozen=True)
class Robots:
    """The text of an archived robots.txt; empty where the site had none."""

    date: datetime
    text: str


@dataclass
class CaptureIndex:
    """The captures of one archive, collected record by record."""

    captures: dict[str, Capture] = field(default_factory=dict)
    payloads: dict[str, int] = field(default_factory=dict)
    """digest -> number of the first record with that payload"""
    robots: dict[str, Robots] = field(default_factory=dict)
    """origin -> its newest robots.txt"""

    def add(self, record: ArchiveRecord) -> None:
        """Add a record, which must be the one that was read last."""
        url, date = normalise(record.uri), record.date or OLDEST
        if url is None or record.kind == "metadata":
            return
        if record.digest and record.kind != "revisit":
            self.payloads.setdefault(record.digest, record.number)
        if url not in self.captures or self.captures[url].date <= date:
            self.captures[url] = Capture(date, record.number, record.kind, record.digest)
        if record.kind == "response" and urlsplit(url).path == ROBOTS_PATH:
            self._add_robots(origin_of(url), date, record)

    def _add_robots(self, origin: str, date: datetime, record: ArchiveRecord) -> None:
        text = _robots_text(record)
        if text is not None and (origin not in self.robots or self.robots[origin].date <= date):
            self.robots[origin] = Robots(date, text)

    def wanted(self) -> tuple[dict[int, list[str]], list[str]]:
        """Return the urls by the number of the record with their payload, and the urls without one."""
        numbers, without = dict[int, list[str]](), list[str]()
        for url, capture in self.captures.items():
            number: int | None = capture.number
            if capture.kind == "revisit":
                number = self.payloads.get(capture.digest or "")
            if number is None:
                without.append(url)
            else:
                numbers.setdefault(number, []).append(url)
        return numbers, without

    def dates(self) -> dict[str, datetime]:
        """Return the time of the newest capture of each url whose payload is in the archive."""
        return {url: self.captures[url].date for urls in self.wanted()[0].values() for url in urls}


def read_index(file: BinaryIO, index: CaptureIndex) -> str | None:
    """Add all records of a file to the index; return the damage, if there is any."""
    try:
        for record in archive_records(file):
            index.add(record)
    except DamagedPlaces as error:
        return str(error)
    return None


def _robots_text(record: ArchiveRecord) -> str | None:
    """Return the rules of a response; empty if there are none, None if the response is about something else."""
    if record.length > 2 * MAX_BYTES:
        return None
    try:
        message = parse_message(record.block(), 2 * MAX_BYTES)
    except (BadMessage, TooLarge, OSError, ValueError, EOFError):
        return None
    if message.code == 200:
        return robots_text(message.body[:MAX_BYTES])
    return "" if 400 <= message.code < 500 and message.code != 429 else None
