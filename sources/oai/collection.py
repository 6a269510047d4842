"""One OAI-PMH repository: its records as pages, and the full text of those whose licence allows it.

The version of the collection is the time of the last harvest, from which the next one goes on. A deletion that the
repository lists makes the page gone.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from urllib.parse import urlencode

from sources.collections.collection import Content, Entry, RawPage, Refused
from sources.crawl_run import CrawlRun
from sources.http.fetch import Client
from sources.http.polite_pages import PolitePages
from sources.http.serial_requests import SerialRequests
from sources.oai.harvest import Harvest, Selection
from sources.oai.metadata import ARXIV_PREFIX, RecordFields, read_fields, record_page
from sources.oai.responses import OaiRecord
from sources.status_codes import Status
from sources.urls import normalise

OVERLAP = timedelta(days=1)
"""A harvest begins so long before the last one, which may have been interrupted; known records cost nothing."""
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class OaiSelection:
    """A repository, the records to harvest, and the full texts that may be read."""

    endpoint: str
    prefix: str
    set_name: str | None
    since: str | None
    relist: bool
    full_text: str | None
    """pattern of the full text's url with {id}; None: records only"""
    full_text_licenses: tuple[str, ...]
    """patterns of the licences whose full text may be read"""


@dataclass(frozen=True)
class Politeness:
    """The politeness of the whole crawl."""

    retries: int
    delay_s: float
    obey_robots: bool

    def requests(self, client: Client) -> SerialRequests:
        """Open the requests to a repository."""
        return SerialRequests(client, retries=self.retries, delay_s=self.delay_s)

    def pages(self, client: Client) -> PolitePages:
        """Open the requests for full texts."""
        return PolitePages(client, retries=self.retries, delay_s=self.delay_s, obey_robots=self.obey_robots)


@dataclass
class OaiCollection:
    """The records of one repository, or of one of its sets."""

    selection: OaiSelection
    polite: Politeness
    is_complete: bool = False

    @property
    def url(self) -> str:
        """Address of the list of records."""
        return f"{self.selection.endpoint}?{urlencode(self._asked('ListRecords'))}"

    async def version(self, run: CrawlRun) -> str | None:
        """Return the repository's present time, whether it keeps the time of day, and the night. Raises Refused.

        With the night in it, no two nights have one version: a record may change within the second of a harvest.
        """
        identity = await Harvest(self.selection.endpoint, self.polite.requests(run.client)).identify()
        return f"{identity.now} {'second' if identity.has_seconds else 'day'} {run.run_id}"

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield the records since the known version, each with its full text where that may be read. Raises Refused."""
        since = None if self.selection.relist else _since(known_version)
        self.is_complete = since is None
        harvest, pages = (
            Harvest(self.selection.endpoint, self.polite.requests(run.client)),
            self.polite.pages(run.client),
        )
        selected = Selection(self.selection.prefix, self.selection.set_name, since or self.selection.since)
        async for record in harvest.records(selected):
            for entry in self._entries(record, run, pages):
                yield entry
        if harvest.damages:
            detail = f"{len(harvest.damages)} responses were not well-formed XML: {harvest.damages[0]}"
            raise Refused(Status.PROTOCOL_ERROR, f"{detail}; the next night asks for them again")

    def _entries(self, record: OaiRecord, run: CrawlRun, pages: PolitePages) -> Iterator[Entry]:
        url = self._address(record.identifier)
        if record.is_deleted:
            if run.frontier.known(url) is not None:
                yield Entry(url, partial(_refuse, Status.GONE, "the repository has deleted this record"))
            return
        fields = read_fields(record)
        if fields is None:
            detail = f"a record in the format {self.selection.prefix}, which is not read"
            yield Entry(url, partial(_refuse, Status.CONTENT_TYPE, detail))
            return
        yield Entry(url, partial(_record, fields))  # by its text: a datestamp may be as coarse as a day
        if text_url := self._full_text(fields):
            columns = {"license": fields.license, "title": fields.title}
            yield Entry(text_url, partial(_read_text, pages, text_url), record.datestamp, columns)

    def _address(self, identifier: str) -> str:
        """Return the url of a record: its page at arXiv, else the request for it alone."""
        if identifier.startswith(ARXIV_PREFIX):
            return f"https://arxiv.org/abs/{identifier.removeprefix(ARXIV_PREFIX)}"
        asked = {"verb": "GetRecord", "identifier": identifier, "metadataPrefix": self.selection.prefix}
        url = f"{self.selection.endpoint}?{urlencode(asked)}"
        return normalise(url) or url

    def _full_text(self, fields: RecordFields) -> str | None:
        pattern, license_name = self.selection.full_text, fields.license or ""
        allowed = any(fnmatchcase(license_name, one) for one in self.selection.full_text_licenses)
        if pattern is None or not allowed or fields.arxiv_id is None:
            return None
        return normalise(pattern.replace("{id}", fields.arxiv_id))

    def _asked(self, verb: str) -> dict[str, str]:
        asked = {"verb": verb, "metadataPrefix": self.selection.prefix}
        return asked | ({"set": self.selection.set_name} if self.selection.set_name else {})


def _since(known_version: str | None) -> str | None:
    """Return the first datestamp to request, in the repository's granularity; None: all records."""
    match (known_version or "").split():
        case [time, granularity, *_]:
            start = datetime.strptime(time, TIME_FORMAT) - OVERLAP
            return start.strftime(TIME_FORMAT if granularity == "second" else "%Y-%m-%d")
    return None


async def _refuse(status: Status, detail: str) -> Content:
    raise Refused(status, detail)


async def _read_text(pages: PolitePages, url: str) -> Content:
    result = await pages.get(url)
    if result.status != Status.OK:
        raise Refused(result.status, result.detail or "the full text was not answered", transient=result.retryable)
    return RawPage(result.body, result.media_type, result.headers.get("content-type", ""))


async def _record(fields: RecordFields) -> Content:
    return record_page(fields)
