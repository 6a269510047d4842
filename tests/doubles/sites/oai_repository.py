"""A real OAI-PMH server (the package `oaipmh`) on loopback, over records that a test adds, changes and deletes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lxml import etree
from oaipmh.common import Header, Identify, Metadata
from oaipmh.metadata import MetadataRegistry
from oaipmh.server import Server, oai_dc_writer

from tests.doubles.sites.plain_site import Request, RunningSite, running_site

ARXIV = "http://arxiv.org/OAI/arXiv/"


@dataclass
class Stored:
    """One record of the repository."""

    metadata: dict[str, list[str]]
    changed: datetime
    is_deleted: bool = False

    def content(self) -> Metadata | None:
        """The metadata as the server's library takes it; None for a deleted record."""
        return None if self.is_deleted else Metadata(None, self.metadata)


@dataclass
class OaiRepository:
    """The records behind the server, by identifier. A record has the fields of Dublin Core, or `xml` in arXiv's."""

    records: dict[str, Stored] = field(default_factory=dict)
    busy: int = 0
    """answers with 503 and Retry-After before the next real one"""
    wrong_token_once: bool = False
    cut_after: int | None = None
    """bytes after which the next list of records ends"""

    def put(self, name: str, /, **fields: str | list[str]) -> None:
        """Add or change a record."""
        values = {key: [value] if isinstance(value, str) else value for key, value in fields.items()}
        self.records[name] = Stored(values, _now())

    def delete(self, identifier: str) -> None:
        """Mark a record as deleted, as repositories do that keep track of deletions."""
        self.records[identifier] = Stored({}, _now(), is_deleted=True)

    def identify(self) -> Identify:
        """Answer the verb Identify."""
        return Identify("Test repository", "http://127.0.0.1/oai", "2.0", ["a@example.org"], datetime(2020, 1, 1),
                        "persistent", "YYYY-MM-DDThh:mm:ssZ", ["identity"])  # fmt: skip

    def listRecords(
        self,
        metadataPrefix: str,
        set: str | None = None,
        from_: Any = None,
        until: Any = None,
    ) -> list[tuple[Header, Metadata | None, None]]:
        """Answer the verb ListRecords; the library splits the list into responses with resumption tokens."""
        chosen = [(name, one) for name, one in sorted(self.records.items()) if from_ is None or one.changed >= from_]
        return [(Header(None, name, one.changed, [], one.is_deleted), one.content(), None) for name, one in chosen]


@contextmanager
def oai_server(repository: OaiRepository, batch: int = 3) -> Iterator[RunningSite]:
    """Serve the repository at `/oai`; every response has at most `batch` records."""
    registry = MetadataRegistry()
    registry.registerWriter("oai_dc", oai_dc_writer)
    registry.registerWriter("arXiv", _arxiv_writer)
    server = Server(repository, registry, resumption_batch_size=batch)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        asked = dict(parse_qsl(urlsplit(request.path).query))
        if repository.busy:
            repository.busy -= 1
            writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
            return
        if repository.wrong_token_once and "resumptionToken" in asked:
            repository.wrong_token_once = False
            asked["resumptionToken"] = "expired"
        body = server.handleRequest(asked)
        if asked.get("verb") == "ListRecords" and repository.cut_after is not None:
            body, repository.cut_after = body[: repository.cut_after], None
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    with running_site(answer) as site:
        yield site


def _arxiv_writer(element: etree._Element, metadata: Metadata) -> None:
    element.append(etree.fromstring(f'<arXiv xmlns="{ARXIV}">{metadata["xml"][0]}</arXiv>'))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
