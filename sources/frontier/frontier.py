"""The crawl's memory: which urls a night has met, how each ended, and what every url gave before.

One SQLite file in WAL mode with one writer, so that a killed crawl goes on where it stopped. How a url
ended is committed together with its document; `drain` then moves documents to numbered parts of the
lake. A part that was being written when the process died is written again with the same rows.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from schemas.document import Document
from sources.status_codes import Status
from sources.text.document_builder import bare

PART_ROWS = 5_000
PART_CHARS = 32_000_000
"""A part is closed when its rows pass this many characters."""

Write = Callable[[date, int, list[Document]], object]
"""Writes one part of the lake: the night, the part's number, its rows."""


class FrontierError(Exception):
    """The frontier cannot be read or written; the message says what to do."""


@dataclass(frozen=True)
class Admission:
    """A url that a seed, sitemap, page or redirect leads to."""

    url: str
    host: str
    kind: str
    """page, sitemap or file"""
    depth: int
    parent: int
    """position of the page that leads here, -1 for a start"""
    place: int
    """which link of that page"""
    hops: int = 0
    """redirects that led here"""


@dataclass(frozen=True)
class Visit:
    """A url whose turn it is."""

    url: str
    host: str
    kind: str
    depth: int
    hops: int
    position: int


@dataclass(frozen=True)
class Known:
    """What a url gave when it last gave a page."""

    doc_id: str
    content_sha256: str
    title: str | None
    etag: str | None
    last_modified: str | None
    links: list[str]
    warc_file: str | None = None
    warc_offset: int | None = None


@dataclass(frozen=True)
class Counts:
    """How far a night is, in urls."""

    admitted: int
    waiting: int
    fetched: int


class Frontier:
    """The frontier of all nights; use as a context manager. Raises FrontierError when the file is damaged."""

    def __init__(self, path: Path, extractor: str) -> None:
        """`extractor` names what makes text of pages: what another one made is not taken as known."""
        self._extractor = extractor
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            if not self._db.execute("pragma schema_version").fetchone()[0]:
                self._db.executescript(f"begin; {_sql('frontier_schema')} commit;")
            if "warc_file" not in [column[1] for column in self._db.execute("pragma table_info(known)")]:
                self._db.executescript(f"begin; {_sql('frontier_raw')} commit;")
        except sqlite3.DatabaseError as error:
            raise FrontierError(
                f"{path} cannot be opened: {error}. Move it away to start a new frontier: pages are fetched again."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def admit(self, day: date, links: Iterable[Admission]) -> None:
        """Let urls wait for their turn tonight; those already met tonight stay what they are."""
        with self._commit():
            self._admit(day, links)

    def counts(self, day: date) -> Counts:
        return Counts(*self._row("count_visits", (day.isoformat(),)))

    def hosts(self, day: date) -> list[str]:
        """The hosts with urls that wait."""
        return [host for (host,) in self._rows("hosts", (day.isoformat(),))]

    def take(self, day: date, host: str, most: int) -> list[Visit]:
        """The next urls of a host, of one depth, in an order that does not depend on who answered first."""
        following = self._row("last_position", (day.isoformat(),))[0]
        taken = []
        with self._commit():
            found = self._rows("take", {"day": day.isoformat(), "host": host, "most": most})
            for url, origin, kind, depth, hops, position in found:
                if position is None:
                    following += 1
                    self._run("place", (following, day.isoformat(), url))
                taken.append(Visit(url, origin, kind, depth, hops, following if position is None else position))
        return taken

    def finish(self, day: date, document: Document, *, fetched: bool, links: Iterable[Admission] = ()) -> None:
        """Commit how a url ended, what it led to and what it gave, all or nothing; `fetched` costs budget."""
        ended = document.fetched_at.isoformat()
        with self._commit():
            row = document.model_dump_json()
            self._run("finish", (document.status, ended, int(fetched), row, day.isoformat(), document.url))
            self._admit(day, links)
            if document.status == Status.OK:
                self._remember(document)

    def known(self, url: str) -> Known | None:
        """What the url gave when it last gave a page to this extractor."""
        row = self._row("recall", (url, self._extractor))
        if row is None:
            return None
        identity, sha256, title, etag, last_modified, links, *raw = row
        return Known(identity, sha256, title, etag, last_modified, json.loads(links), *raw)

    def close_host(self, day: date, host: str, status: Status, detail: str) -> None:
        """End every url of the host that still waits tonight."""
        self._run("close_host", (status, detail, _now(), day.isoformat(), host))

    def close_night(self, day: date, detail: str) -> None:
        """End every url that still waits tonight as over_budget."""
        self._run("close_night", (Status.OVER_BUDGET, detail, _now(), day.isoformat()))

    def close_earlier(self, day: date) -> None:
        """End every url that still waits from a night before this one as interrupted."""
        detail = "the night was stopped before this url's turn"
        self._run("close_earlier", (Status.INTERRUPTED, detail, _now(), day.isoformat()))

    def tally(self, day: date) -> dict[str, int]:
        """Urls of the night by status."""
        return dict(self._rows("tally", (day.isoformat(),)))

    def drain(self, write: Write, *, least: int = 1) -> None:
        """Move ended urls to parts of the lake, of at least this many rows; repeats parts that a kill cut short."""
        for day, seq in self._rows("open_parts"):
            self._put(day, seq, write)
        for day, ended in self._rows("undrained_days"):
            left = ended
            while left >= least:
                seq = self._row("next_part", (day,))[0]
                with self._commit():
                    self._run("add_part", (day, seq))
                    left -= self._run("assign_part", {"day": day, "seq": seq, "rows": PART_ROWS, "chars": PART_CHARS})
                self._put(day, seq, write)

    def _put(self, day: str, seq: int, write: Write) -> None:
        rows = self._rows("part_rows", (day, seq))
        write(date.fromisoformat(day), seq, [_document(day, row) for row in rows])
        with self._commit():
            self._run("part_written", (day, seq))
            self._run("forget_documents", (day, seq))

    def _admit(self, day: date, links: Iterable[Admission]) -> None:
        rows = (
            (day.isoformat(), link.url, link.host, link.kind, link.depth, link.hops, link.parent, link.place)
            for link in links
        )
        self._db.executemany(_sql("admit"), rows)

    def _remember(self, page: Document) -> None:
        links = json.dumps([link.url for link in page.links])
        validators = (page.etag, page.last_modified, self._extractor)
        raw = (page.warc_file, page.warc_offset)
        self._run("remember", (page.url, page.doc_id, page.content_sha256, page.title, *validators, links, *raw))

    def _run(self, name: str, values: Sequence[object] | dict[str, Any]) -> int:
        return self._db.execute(_sql(name), values).rowcount

    def _rows(self, name: str, values: Sequence[object] | dict[str, Any] = ()) -> list[Any]:
        return self._db.execute(_sql(name), values).fetchall()

    def _row(self, name: str, values: Sequence[object]) -> Any:
        return self._db.execute(_sql(name), values).fetchone()

    @contextmanager
    def _commit(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")


@cache
def _sql(name: str) -> str:
    return files("sources.frontier").joinpath("sql", f"{name}.sql").read_text("utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _document(day: str, row: tuple[str, str, str, str | None, str, str | None]) -> Document:
    url, kind, status, detail, ended_at, document = row
    if document is not None:
        return Document.model_validate_json(document)
    source = "folder" if kind == "file" else "web"
    return bare(url, day, status, source=source, detail=detail, fetched_at=datetime.fromisoformat(ended_at))
