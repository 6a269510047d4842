"""The archives that one night reads, together: which of them has the newest capture of a url, what robots.txt states.

Crawlers write several files at a time and come back to a page in later ones: read one by one, the first file would
decide. Times of captures are kept in a temporary database, so that a thousand archives take no memory.
"""

import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from hashlib import blake2b

from protego import Protego

from sources.crawl_run import CrawlRun
from sources.frontier.frontier import Frontier
from sources.rights.declarations import EVERY_AGENT, SiteRights
from sources.rights.usage_preferences import RobotsPreferences, from_robots
from sources.status_codes import Status
from sources.urls import origin_of
from sources.warc.capture_index import CaptureIndex, Robots

HASH_BYTES = 8

_TABLE = "create table newest (url integer primary key, captured text not null, file text not null)"
_ADD = (
    "insert into newest values (?, ?, ?) on conflict (url) do update set captured = excluded.captured, "
    "file = excluded.file where excluded.captured > captured"
)
_FILE = "select file from newest where url = ?"


class Archives:
    """All archives of a source, of which those count that are read on one day."""

    def __init__(self, versions: Mapping[str, str], read: Callable[[str], CaptureIndex], agent: str | None) -> None:
        """`versions` of the files by address; `read` indexes a file; `agent` is the name that robots.txt has for us."""
        self._versions, self._read, self._agent = versions, read, agent
        self._day: date | None = None
        # a temporary file that SQLite removes; the thread that collects this object closes it
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._robots: dict[str, Robots] = {}
        self._rules: dict[str, Protego] = {}
        self._preferences: dict[str, RobotsPreferences] = {}

    def look_through(self, run: CrawlRun, url: str, index: CaptureIndex) -> None:
        """Take in every file of the day, once: that of this address by its index, the others by reading them."""
        if self._day == run.day:
            return
        self._day, self._robots, self._rules, self._preferences = run.day, {}, {}, {}
        self._db.execute("drop table if exists newest")
        self._db.execute(_TABLE)
        for other in self._versions:
            if other == url:
                self._add(url, index)
            elif self._is_read_tonight(run.frontier, run.day, other):
                self._add(other, self._read(other))

    def _is_read_tonight(self, frontier: Frontier, day: date, url: str) -> bool:
        """True for a file that waits with another version than its last one, or that was read before a kill."""
        if status := frontier.status_of(day, url):
            return status != Status.NOT_MODIFIED
        known = frontier.known_collection(url)
        return known is None or known[0] != self._versions[url]

    def _add(self, file: str, index: CaptureIndex) -> None:
        self._db.execute("begin")
        rows = ((_hashed(url), captured.isoformat(), file) for url, captured in index.dates().items())
        self._db.executemany(_ADD, rows)
        self._db.execute("commit")
        for origin, robots in index.robots.items():
            if origin not in self._robots or self._robots[origin].date < robots.date:
                self._robots[origin] = robots

    def elsewhere(self, file: str, urls: Iterable[str]) -> set[str]:
        """Return those of the urls of a file that are listed by another one, which has a newer capture."""
        places = ((url, self._db.execute(_FILE, (_hashed(url),)).fetchone()) for url in urls)
        return {url for url, found in places if found is not None and found[0] != file}

    def refusal(self, url: str) -> tuple[Status, str] | None:
        """Return (status, detail) if the archived robots.txt of the page's site disallows it, else None."""
        origin = origin_of(url)
        robots = self._robots.get(origin)
        if self._agent is None or robots is None or not robots.text:
            return None
        if origin not in self._rules:
            self._rules[origin] = Protego.parse(robots.text)
        if self._rules[origin].can_fetch(url, self._agent):
            return None
        captured = f"{robots.date:%Y-%m-%dT%H:%M:%SZ}"
        return Status.ROBOTS_DENIED, f"robots.txt, captured {captured}, disallows this url for {self._agent}"

    def site(self, url: str) -> SiteRights:
        """Return what the archived robots.txt of the page's site states on the use of its pages."""
        if self._agent is None:
            return EVERY_AGENT
        origin = origin_of(url)
        robots = self._robots.get(origin)
        if origin not in self._preferences:
            self._preferences[origin] = from_robots(robots.text if robots else "", self._agent)
        return SiteRights(self._agent, self._preferences[origin])


def _hashed(url: str) -> int:
    digest = blake2b(url.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)
