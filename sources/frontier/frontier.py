"""The crawl frontier: a SQLite database of the urls to fetch, how each fetch ended, and earlier fetches of each url.

One file in WAL mode with a single writer, so that a killed crawl resumes. A url's status, document and links
are committed in one transaction; `drain` later moves documents to numbered parts of the lake. A part that was
being written when the process died is written again with the same rows.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from schemas.document import Document
from schemas.named_statements import load_statements
from schemas.record import night_of
from sources.frontier.records import Admission, Counts, KnownPage, Visit, WritePart, kinds_of, source_of
from sources.status_codes import Status
from sources.text.document_builder import empty_document

SQL = load_statements("sources.frontier", "frontier.sql")
PART_ROWS = 5_000
PART_CHARS = 32_000_000
"""Characters of JSON after which a part is closed."""


class FrontierError(Exception):
    """The frontier file is damaged or cannot be used. The message explains how to start a new one."""

    def __init__(self, path: Path, error: Exception | str) -> None:
        self.reason = str(error)
        super().__init__(
            f"{path} cannot be read: {error}. Run the crawl again, or `factory lake repair`: a damaged frontier is set "
            "aside, and pages are fetched again."
        )


@contextmanager
def frontier_errors(path: Path) -> Iterator[None]:
    """Raise errors of SQLite in the block, and rows that do not decode, as FrontierError."""
    try:
        yield
    except (sqlite3.DatabaseError, ValueError) as error:
        raise FrontierError(path, error) from error


class Frontier:
    """The frontier of all runs, as a context manager. Raises FrontierError if the file is damaged."""

    def __init__(self, path: Path, extractor: str) -> None:
        """Open or create the file. `extractor` is the extractor's version: pages of other versions are not reused."""
        self._extractor, self._path = extractor, path
        path.parent.mkdir(parents=True, exist_ok=True)
        with frontier_errors(path):
            self._db = sqlite3.connect(path, isolation_level=None)
        try:
            with frontier_errors(path):
                self._prepare()
        except FrontierError:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _prepare(self) -> None:
        """Create the tables of a new file; raises FrontierError if a page of the file is damaged."""
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        if (found := self._db.execute("pragma quick_check(1)").fetchone()[0]) != "ok":
            raise FrontierError(self._path, found)
        if not self._db.execute("pragma schema_version").fetchone()[0]:
            self._db.executescript(f"begin; {SQL['create_tables']} commit;")
        if "warc_file" not in [column[1] for column in self._db.execute("pragma table_info(known)")]:
            self._db.executescript(f"begin; {SQL['add_warc_columns']} commit;")

    def start_after(self, day: date, parts: int) -> None:
        """Let the day's parts begin at number `parts`, if the frontier knows none: those before are of a lost one."""
        if parts and not self._row("next_part", (day.isoformat(),))[0]:
            self._run("known_part", (day.isoformat(), parts - 1))

    def forget(self, doc_ids: set[str]) -> int:
        """Forget the fetches of these documents, so that the next crawl asks for the whole pages; returns how many."""
        with self._commit():
            return sum(self._run("forget_page", (doc_id,)) for doc_id in doc_ids)

    def verify(self) -> None:
        """Read every page and row of the file; raises FrontierError at the first that is damaged."""
        with frontier_errors(self._path):
            if (found := self._db.execute("pragma integrity_check(1)").fetchone()[0]) != "ok":
                raise FrontierError(self._path, found)
            for (document,) in self._db.execute(SQL["all_documents"]):
                Document.model_validate_json(document)
            for (links,) in self._db.execute(SQL["all_links"]):
                json.loads(links)

    def known_documents(self) -> set[str]:
        """The doc_ids of the newest successful fetch of each url."""
        return {doc_id for (doc_id,) in self._rows("known_documents")}

    def admit(self, day: date, links: Iterable[Admission]) -> None:
        """Add urls to the run. A url that was already admitted keeps its state; an earlier link moves it forward."""
        with self._commit():
            self._admit(day, links)

    def counts(self, day: date) -> Counts:
        """Count the run's urls: admitted, waiting, fetched."""
        return Counts(*self._row("count_visits", (day.isoformat(),)))

    def hosts(self, day: date, source: str) -> list[str]:
        """List the hosts of a source that have waiting urls, sorted."""
        return [host for (host,) in self._rows("waiting_hosts", {"day": day.isoformat(), "kinds": _kinds(source)})]

    def take(self, day: date, host: str, limit: int) -> list[Visit]:
        """Return up to `limit` waiting urls of a host (-1: all), of one depth, in link order.

        The order does not depend on which page was fetched first, so that every crawl of a site is the same.
        """
        last = self._row("last_position", (day.isoformat(),))[0]
        visits = []
        with self._commit():
            rows = self._rows("take", {"day": day.isoformat(), "host": host, "limit": limit})
            for url, origin, kind, depth, hops, position in rows:
                if position is None:
                    last += 1
                    self._run("set_position", (last, day.isoformat(), url))
                visits.append(Visit(url, origin, kind, depth, hops, last if position is None else position))
        return visits

    def finish(self, day: date, document: Document, *, fetched: bool, links: Iterable[Admission] = ()) -> None:
        """Commit a url's document and links in one transaction. `fetched`: it counts against the page budget."""
        ended = document.fetched_at.isoformat()
        with self._commit():
            row = document.model_dump_json()
            self._run("finish", (document.status, ended, int(fetched), row, day.isoformat(), document.url))
            self._admit(day, links)
            if document.status == Status.OK:
                self._remember(document)

    def known(self, url: str) -> KnownPage | None:
        """Return the newest successful fetch of a url by this version of the extractor, or None."""
        row = self._row("known_page", (url, self._extractor))
        if row is None:
            return None
        identity, sha256, title, etag, last_modified, links, *raw = row
        with frontier_errors(self._path):
            return KnownPage(identity, sha256, title, etag, last_modified, json.loads(links), *raw)

    def close_host(self, day: date, host: str, status: Status, detail: str) -> None:
        """End every waiting url of a host with this status."""
        self._run("close_host", (status, detail, _now(), day.isoformat(), host))

    def close_run(self, day: date, source: str, detail: str) -> None:
        """End every waiting url of a source as over_budget."""
        values = {"status": Status.OVER_BUDGET, "detail": detail, "ended_at": _now()}
        self._run("close_run", values | {"day": day.isoformat(), "kinds": _kinds(source)})

    def close_earlier(self, day: date) -> None:
        """End every url that still waits from an earlier night as interrupted."""
        detail = "the crawl of that night stopped before it fetched this url"
        self._run("close_earlier", (Status.INTERRUPTED, detail, _now(), day.isoformat()))

    def tally(self, day: date) -> dict[str, int]:
        """Count the run's urls by status."""
        return dict(self._rows("count_by_status", (day.isoformat(),)))

    def drain(self, write: WritePart, *, min_rows: int = 1) -> None:
        """Move ended urls to parts of the lake once there are `min_rows`; first repeat interrupted parts."""
        for day, seq in self._rows("unwritten_parts"):
            self._write_part(day, seq, write)
        for day, ended in self._rows("undrained_days"):
            n_left = ended
            while n_left >= min_rows:
                seq = self._row("next_part", (day,))[0]
                with self._commit():
                    self._run("add_part", (day, seq))
                    size = {"rows": PART_ROWS, "chars": PART_CHARS}
                    n_left -= self._run("assign_part", {"day": day, "seq": seq, **size})
                self._write_part(day, seq, write)

    def _write_part(self, day: str, seq: int, write: WritePart) -> None:
        rows = self._rows("part_rows", (day, seq))
        with frontier_errors(self._path):
            documents = [_document(day, row) for row in rows]
        write(night_of(day), seq, documents)
        with self._commit():
            self._run("mark_part_written", (day, seq))
            self._run("clear_documents", (day, seq))

    def _admit(self, day: date, links: Iterable[Admission]) -> None:
        rows = (
            (day.isoformat(), link.url, link.host, link.kind, link.depth, link.hops, link.parent, link.place)
            for link in links
        )
        with frontier_errors(self._path):
            self._db.executemany(SQL["admit"], rows)

    def _remember(self, page: Document) -> None:
        links = json.dumps([link.url for link in page.links])
        validators = (page.etag, page.last_modified, self._extractor)
        raw = (page.warc_file, page.warc_offset)
        self._run("remember_page", (page.url, page.doc_id, page.content_sha256, page.title, *validators, links, *raw))

    def _run(self, name: str, values: Sequence[object] | dict[str, Any]) -> int:
        with frontier_errors(self._path):
            return self._db.execute(SQL[name], values).rowcount

    def _rows(self, name: str, values: Sequence[object] | dict[str, Any] = ()) -> list[Any]:
        with frontier_errors(self._path):
            return self._db.execute(SQL[name], values).fetchall()

    def _row(self, name: str, values: Sequence[object]) -> Any:
        with frontier_errors(self._path):
            return self._db.execute(SQL[name], values).fetchone()

    @contextmanager
    def _commit(self) -> Iterator[None]:
        with frontier_errors(self._path):
            self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.DatabaseError):
                self._db.execute("rollback")
            raise
        with frontier_errors(self._path):
            self._db.execute("commit")


def _kinds(source: str) -> str:
    return json.dumps(kinds_of(source))


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _document(day: str, row: tuple[str, str, str, str | None, str, str | None]) -> Document:
    url, kind, status, detail, ended_at, document = row
    if document is not None:
        return Document.model_validate_json(document)
    fetched_at = datetime.fromisoformat(ended_at)
    return empty_document(url, day, status, source=source_of(kind), detail=detail, fetched_at=fetched_at)
