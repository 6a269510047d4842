"""The pages of collections in the frontier: files, archives, data sets and sites that list their own pages in order.

A collection waits in the frontier as one url; its pages get their rows while it is read. After a kill it is read
again, and the pages that have a row today are passed over.
"""

from datetime import date
from typing import Any

from schemas.document import Document
from sources.frontier.frontier import Frontier
from sources.frontier.records import Visit
from sources.status_codes import Status


class CollectionLog:
    """The pages of one collection on one day. `visit` is the collection's own."""

    def __init__(self, frontier: Frontier, day: date, visit: Visit) -> None:
        self._frontier, self._day, self._visit = frontier, day, visit
        self._position = frontier.last_position(day)

    def known_version(self) -> tuple[str, str | None] | None:
        """Return (version, detail) of the newest complete reading by this version of the extractor, or None."""
        return self._frontier.known_collection(self._visit.url)

    def has_row(self, url: str) -> bool:
        """True if the url has a row today, of this collection or of another source."""
        return self._frontier.row("has_row", (self._day.isoformat(), url)) is not None

    def record(self, document: Document, links: list[str] | None = None) -> bool:
        """Commit the row of a page in one transaction; False if its url has one today.

        A page that is gone is forgotten. `links` are the known links of a page whose text did not change.
        """
        found = document.status in (Status.OK, Status.NOT_MODIFIED)
        with self._frontier.commit():
            if not self._frontier.run("record_page", self._values(document)):
                return False
            self._position += 1
            if found:
                targets = [link.url for link in document.links] if links is None else links
                self._frontier.remember(document, targets, self._visit.url)
            elif document.status == Status.GONE:
                self._frontier.run("forget_url", (document.url,))
        return True

    def missing(self) -> list[str]:
        """List the pages that an earlier night read from the collection and that have no row today."""
        values = {"collection": self._visit.url, "day": self._day.isoformat()}
        return [url for (url,) in self._frontier.rows("missing_members", values)]

    def counts(self) -> dict[str, int]:
        """Count the collection's pages today by status."""
        return dict(self._frontier.rows("count_members", self._key()))

    def finish(self, document: Document, version: str | None) -> None:
        """Commit the collection's own row. `version`: it was read to its end; None: it is read again next time."""
        self._frontier.finish(self._day, document, fetched=False)
        if version is not None:
            values = (self._visit.url, version, self._frontier.extractor, document.detail)
            self._frontier.run("remember_collection", values)

    def _key(self) -> tuple[str, str, int]:
        return self._day.isoformat(), self._visit.kind, self._visit.position

    def _values(self, document: Document) -> dict[str, Any]:
        return {
            "day": self._day.isoformat(),
            "url": document.url,
            "host": self._visit.host,
            "kind": self._visit.kind,
            "parent": self._visit.position,
            "position": self._position + 1,
            "status": document.status,
            "ended_at": document.fetched_at.isoformat(),
            "document": document.model_dump_json(),
        }
