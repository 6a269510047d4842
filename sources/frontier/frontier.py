"""The crawl frontier: a SQLite database of the urls to fetch, how each fetch ended, and earlier fetches of each url.

One file in WAL mode with a single writer, so that a killed crawl resumes. A url's status, document and links
are committed in one transaction; `drain` later moves documents to numbered parts of the lake. A part that was
being written when the process died is written again with the same rows.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

from schemas.document import Document
from schemas.record import night_of
from sources.frontier.database import Database, FrontierError, frontier_errors
from sources.frontier.earliest_links import EarliestLinks
from sources.frontier.records import (
    NOTHING_BEGUN,
    Admission,
    Changes,
    Counts,
    InProgress,
    KnownPage,
    Visit,
    WritePart,
    kinds_of,
    source_of,
)
from sources.status_codes import Status
from sources.text.document_builder import empty_document

KNOWN_COLUMNS = [field.name for field in fields(KnownPage)]
PART_ROWS = 5_000
COMPARED_NIGHTS = 10
"""Nights before a run in which a page counts as known, when changes are counted."""
GONE = ("http_404", "http_410")
"""Status codes of pages that their server no longer has."""
PART_CHARS = 32_000_000
"""Characters of JSON after which a part is closed."""


__all__ = ["Frontier", "FrontierError"]


class Frontier(Database):
    """The frontier of all runs, as a context manager. Raises FrontierError if the file is damaged."""

    deepest = 2**31
    """Urls more links away from a start url than this are left to wait."""

    def __init__(self, path: Path, extractor: str, *, check: bool = True) -> None:
        """Open or create the file. `extractor` is the extractor's version: pages of other versions are not reused."""
        super().__init__(path, check=check)
        self.extractor = extractor
        self._earliest = EarliestLinks()

    def start_after(self, day: date, parts: int) -> None:
        """Let the day's parts begin at number `parts`, if the frontier knows none: those before are of a lost one."""
        if parts and not self.row("next_part", (day.isoformat(),))[0]:
            self.run("known_part", (day.isoformat(), parts - 1))

    def forget(self, doc_ids: set[str]) -> int:
        """Forget the fetches of these documents, so that the next crawl asks for the whole pages; returns how many."""
        with self.commit():
            for doc_id in doc_ids:
                self.run("forget_collections", (doc_id,))
            return sum(self.run("forget_page", (doc_id,)) for doc_id in doc_ids)

    def verify(self) -> None:
        """Read every page and row of the file; raises FrontierError at the first that is damaged."""
        with frontier_errors(self.path):
            self.check_pages("integrity_check(1)")
            for (document,) in self.each("all_documents"):
                Document.model_validate_json(document)
            for (links,) in self.each("all_links"):
                json.loads(links)

    def known_documents(self) -> set[str]:
        """The doc_ids of the newest successful fetch of each url."""
        return {doc_id for (doc_id,) in self.rows("known_documents")}

    def admit(self, day: date, links: Iterable[Admission]) -> None:
        """Add urls to the run. A url that was already admitted keeps its state; an earlier link moves it forward."""
        earlier = self._earliest.earlier(day, links)
        with self.commit():
            self._admit(day, earlier)
        self._earliest.committed(earlier)

    def counts(self, day: date, source: str) -> Counts:
        """Count the urls of a source in the run: admitted, waiting, fetched."""
        return Counts(*self.row("count_visits", {"day": day.isoformat(), "kinds": kinds_of(source)}))

    def hosts(self, day: date, source: str) -> list[str]:
        """List the hosts of a source that have waiting urls, sorted."""
        place = {"day": day.isoformat(), "kinds": kinds_of(source), "deepest": self.deepest}
        return [host for (host,) in self.rows("waiting_hosts", place)]

    def take(self, day: date, source: str, host: str, limit: int, begun: InProgress = NOTHING_BEGUN) -> list[Visit]:
        """Return up to `limit` waiting urls of a source on a host (-1: all), of one depth, in link order.

        The order does not depend on which page was fetched first, so that every crawl of a site is the same.
        """
        last = self.last_position(day)
        visits = []
        with self.commit():
            place = {"day": day.isoformat(), "kinds": kinds_of(source), "host": host, "deepest": self.deepest}
            rows = self.rows("take", place | {"limit": limit} | begun.values())
            for url, origin, kind, depth, hops, position in rows:
                if position is None:
                    last += 1
                    self.run("set_position", (last, day.isoformat(), url))
                visits.append(Visit(url, origin, kind, depth, hops, last if position is None else position))
        return visits

    def last_position(self, day: date) -> int:
        """Return the highest position in the run's order of fetching; -1 before the first."""
        return int(self.row("last_position", (day.isoformat(),))[0])

    def finish(
        self,
        day: date,
        document: Document,
        *,
        fetched: bool,
        links: Iterable[Admission] = (),
        page_links: Sequence[str] | None = None,
    ) -> None:
        """Commit a url's document and links in one transaction. `fetched`: it counts against the page budget.

        `page_links` are the links of a page that was sent again, although its text did not change. A page that is gone
        is forgotten.
        """
        ended = document.fetched_at.isoformat()
        earlier = self._earliest.earlier(day, links)
        with self.commit():
            row = document.model_dump_json()
            self.run("finish", (document.status, ended, int(fetched), row, day.isoformat(), document.url))
            self._admit(day, earlier)
            if document.status == Status.OK:
                skipped = set(document.nofollow_links or ())
                self.remember(document, [link.url for link in document.links if link.url not in skipped])
            elif document.status == Status.NOT_MODIFIED and fetched:
                self._remember_check(document, page_links)
            elif document.status in GONE:
                self.run("forget_url", (document.url,))
        self._earliest.committed(earlier)

    def known(self, url: str) -> KnownPage | None:
        """Return the newest successful fetch of a url by this version of the extractor, or None."""
        row = self.row("known_page", (url, self.extractor))
        if row is None:
            return None
        columns = dict(zip(KNOWN_COLUMNS, row, strict=True))
        with frontier_errors(self.path):
            checked = columns["checked_at"]
            moment = datetime.fromisoformat(checked) if checked else None
            return KnownPage(**columns | {"links": json.loads(columns["links"]), "checked_at": moment})

    def remember(self, page: Document, links: list[str], collection: str | None = None) -> None:
        """Keep identity, validators and links of a page for later nights, within a transaction of the caller's."""
        validators = (page.etag, page.last_modified, self.extractor)
        identity = (page.url, page.doc_id, page.content_sha256, page.title)
        raw = (page.warc_file, page.warc_offset)
        checked = (page.license, page.fetched_at.isoformat())
        self.run("remember_page", (*identity, *validators, json.dumps(links), *raw, collection, *checked))

    def _remember_check(self, page: Document, page_links: Sequence[str] | None) -> None:
        links = json.dumps(page_links) if page_links is not None else None
        checked = (page.etag, page.last_modified, page.fetched_at.isoformat())
        self.run("remember_check", (*checked, links, page.url))

    def known_collection(self, url: str) -> tuple[str, str | None] | None:
        """Return (version, detail) of a collection's newest complete reading by this version of the extractor."""
        row = self.row("known_collection", (url, self.extractor))
        return (row[0], row[1]) if row else None

    def close_host(self, day: date, source: str, host: str, status: Status, detail: str) -> None:
        """End every waiting url of a source on a host with this status."""
        values = {"status": status, "detail": detail, "ended_at": _now()}
        self.run("close_host", values | {"day": day.isoformat(), "host": host, "kinds": kinds_of(source)})

    def close_run(self, day: date, source: str, detail: str) -> None:
        """End every waiting url of a source as over_budget."""
        values = {"status": Status.OVER_BUDGET, "detail": detail, "ended_at": _now()}
        self.run("close_run", values | {"day": day.isoformat(), "kinds": kinds_of(source)})

    def close_earlier(self, day: date) -> None:
        """End every url that still waits from an earlier night as interrupted."""
        detail = "the crawl of that night stopped before it fetched this url"
        self.run("close_earlier", (Status.INTERRUPTED, detail, _now(), day.isoformat()))

    def wait_again(self, day: date, status: Status) -> None:
        """Let every url that ended with this status wait again; call it only once the ended urls are drained.

        One that reached the lake gets a second row of this night.
        """
        with self.commit():
            self.run("wait_again", {"day": day.isoformat(), "status": status})

    def tally(self, day: date) -> dict[str, int]:
        """Count the run's urls by status."""
        return dict(self.rows("count_by_status", (day.isoformat(),)))

    def changes(self, day: date) -> Changes:
        """Count the run's pages by what became of them since the nights before."""
        return Changes(*self.row("count_changes", {"day": day.isoformat(), "nights": COMPARED_NIGHTS}))

    def seed_hosts(self, day: date, kind: str) -> list[str]:
        """List the hosts at which start urls of this kind had a page in the run."""
        return [host for (host,) in self.rows("seed_hosts", {"day": day.isoformat(), "kind": kind})]

    def status_of(self, day: date, url: str) -> str | None:
        """Return how a url ended in the run; None for one that waits, or is not in it."""
        found = self.row("status_of", (day.isoformat(), url))
        return found[0] if found else None

    def source_tally(self, day: date, source: str) -> dict[str, int]:
        """Count the urls of a source in the run by status."""
        return dict(self.rows("count_source_by_status", {"day": day.isoformat(), "kinds": kinds_of(source)}))

    def drain(self, write: WritePart, *, min_rows: int = 1) -> None:
        """Move ended urls to parts of the lake once there are `min_rows`; first repeat interrupted parts."""
        for part in self.due_parts(min_rows):
            write(*part)

    def due_parts(self, min_rows: int = 1) -> Iterator[tuple[date, int, list[Document]]]:
        """Yield the parts that `drain` writes, as day, number and rows.

        Asking for the next one marks a part as written; one that was not is yielded again by the next call. Urls may
        end in between, but there must be one such iterator at a time.
        """
        for day, seq in self.rows("unwritten_parts"):
            yield night_of(day), seq, self._part_documents(day, seq)
            self._mark_written(day, seq)
        for day, ended in self.rows("undrained_days"):
            n_left = ended
            while n_left >= min_rows:
                seq = self.row("next_part", (day,))[0]
                with self.commit():
                    self.run("add_part", (day, seq))
                    size = {"rows": PART_ROWS, "chars": PART_CHARS}
                    n_left -= self.run("assign_part", {"day": day, "seq": seq, **size})
                yield night_of(day), seq, self._part_documents(day, seq)
                self._mark_written(day, seq)

    def _part_documents(self, day: str, seq: int) -> list[Document]:
        rows = self.rows("part_rows", (day, seq))
        with frontier_errors(self.path):
            return [_document(day, row) for row in rows]

    def _mark_written(self, day: str, seq: int) -> None:
        with self.commit():
            self.run("mark_part_written", (day, seq))
            self.run("clear_documents", (day, seq))

    def _admit(self, day: date, links: Iterable[Admission]) -> None:
        self.run_many("admit", (link.row(day) for link in links))


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _document(day: str, row: tuple[str, str, str, str | None, str, str | None]) -> Document:
    url, kind, status, detail, ended_at, document = row
    if document is not None:
        return Document.model_validate_json(document)
    fetched_at = datetime.fromisoformat(ended_at)
    return empty_document(url, day, status, source=source_of(kind), detail=detail, fetched_at=fetched_at)
