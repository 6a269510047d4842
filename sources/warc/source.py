"""The WARC source: the newest capture of each url in the web archives that a night reads becomes a document."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import BinaryIO, Self

from pydantic import BaseModel

from sources.collections.collection import Content, Entry, RawPage, Refused, refused_entry
from sources.collections.config import SourceConfig
from sources.collections.files import StoredFile, find_files
from sources.collections.source import CollectionSource
from sources.crawl_run import CrawlRun
from sources.http.decompress import TooLarge
from sources.http.fetch import PAGE_TYPES
from sources.http.robots import product_token
from sources.rights.declarations import HEADERS
from sources.rights.usage_preferences import Preferences
from sources.status_codes import Status, http_status
from sources.text.document_builder import ExtractedPage
from sources.warc.archives import Archives
from sources.warc.capture_index import OLDEST, CaptureIndex, read_index
from sources.warc.http_message import BadMessage, StoredMessage, message_headers, parse_message
from sources.warc.links import PageFacts, WatFile
from sources.warc.records import ArchiveRecord, DamagedPlaces, archive_records

SUFFIXES = (".warc", ".warc.gz", ".warc.wet", ".warc.wet.gz", ".warc.wat", ".warc.wat.gz")
WET, WAT = ".warc.wet", ".warc.wat"


class WarcConfig(SourceConfig):
    """The archives to read."""

    paths: tuple[str, ...]
    obey_robots: bool = True
    user_agent: str = ""

    @classmethod
    def of(cls, section: BaseModel, crawl: object) -> Self:
        """Build it from an entry of the settings, with the politeness of the crawl."""
        polite = {key: getattr(crawl, key) for key in ("obey_robots", "user_agent")}
        return super().of(section, crawl).model_copy(update=polite)


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = WarcConfig.of(section, crawl)
    return CollectionSource(config, partial(_find, config))


def _find(config: WarcConfig) -> list["WarcFile"]:
    files = {file.url: file for file in find_files(config.paths, SUFFIXES, "crawl.sources.paths")}
    beside = {url.replace("/wat/", "/wet/").replace(WAT, WET): file for url, file in files.items() if WAT in url}
    versions = {url: _version(file, beside.get(url)) for url, file in files.items() if WAT not in url}
    agent = product_token(config.user_agent) if config.obey_robots else None
    archives = Archives(versions, lambda url: _index_of(files[url]), agent)
    return [WarcFile(file, config.max_bytes, archives, beside.get(url)) for url, file in files.items()]


def _version(file: StoredFile, links: StoredFile | None) -> str:
    return f"{file.version}+{links.version}" if links else file.version


def _index_of(file: StoredFile) -> CaptureIndex:
    """Return the index of a file; that of one that cannot be read is empty, and its own reading has the reason."""
    index = CaptureIndex()
    with suppress(Refused, OSError), file.open() as opened:
        read_index(opened, index)
    return index


@dataclass(frozen=True)
class WarcFile:
    """One archive file."""

    file: StoredFile
    max_bytes: int
    archives: Archives
    links: StoredFile | None = None
    """the WAT file beside a WET file"""
    is_complete: bool = False
    """an archive records the past: a page that it does not hold is not gone"""

    @property
    def url(self) -> str:
        """The address of the file."""
        return self.file.url

    async def version(self, run: CrawlRun) -> str | None:
        """Size and time of the last change of the file, and of the WAT file beside it."""
        self.file.present_version()
        return _version(self.file, self.links)

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield the newest capture of each url, in the order of the file, after a pass that finds them.

        A url of which another archive has a newer one is not listed.
        """
        if WAT in self.url:
            raise Refused(
                Status.COLLECTION, "a WAT file holds links without text: they belong to the WET file beside it"
            )
        with self.file.open() as file:
            index = CaptureIndex()
            damage = read_index(file, index)
            self.archives.look_through(run, self.url, index)
            elsewhere = self.archives.elsewhere(self.url, index.captures)
            numbers, without = index.wanted()
            for url in without:
                if url not in elsewhere:
                    yield self._repeated(url, index.captures[url].digest)
            links = self._wat_file()
            for record in _undamaged(file):
                urls = [url for url in numbers.get(record.number, ()) if url not in elsewhere]
                for entry in self._entries(record, urls, index, links):
                    yield entry
        if damage:
            raise Refused(Status.DAMAGED, damage)

    def _wat_file(self) -> WatFile | None:
        return WatFile(self.links.open()) if self.links else None

    def _entries(
        self, record: ArchiveRecord, urls: list[str], index: CaptureIndex, links: WatFile | None
    ) -> Iterator[Entry]:
        if not urls:
            return
        block = _block(record, self.max_bytes)
        headers = message_headers(block) if record.kind == "response" and isinstance(block, bytes) else {}
        read = partial(_content, record.kind, record.content_type, block, self.max_bytes)
        for url in urls:
            if refusal := self.archives.refusal(url):
                yield refused_entry(url, *refusal)
                continue
            facts = links.facts(url) if links else PageFacts()
            capture = index.captures[url]
            captured = {"detail": f"captured {capture.date:%Y-%m-%dT%H:%M:%SZ}"} if capture.date > OLDEST else {}
            site = self.archives.site(url)
            version = _page_version(capture.digest, headers, site.preferences.of(url))
            yield Entry(url, partial(read, facts), version, captured, site=site)

    def _repeated(self, url: str, digest: str | None) -> Entry:
        """A capture without its payload: unchanged, or lost if no earlier night has read it."""
        version = _page_version(digest, {}, self.archives.site(url).preferences.of(url))
        return Entry(url, partial(_no_payload, url), version)


def _undamaged(file: BinaryIO) -> Iterator[ArchiveRecord]:
    try:
        yield from archive_records(file)
    except DamagedPlaces:
        return  # the pass that made the index reports it


def _block(record: ArchiveRecord, max_bytes: int) -> bytes | Refused:
    """Return the block now, as the next record makes it unreadable, or the reason why it cannot be read."""
    if record.length > max_bytes + 100_000:
        return Refused(Status.TOO_LARGE, f"{record.length} bytes, over {max_bytes}")
    try:
        return record.block()
    except EOFError as error:
        return Refused(Status.TRUNCATED, f"the archive ends inside this page: {error}")
    except (OSError, ValueError) as error:
        return Refused(Status.DAMAGED, f"the archive is damaged inside this page: {error}")


def _page_version(digest: str | None, headers: Mapping[str, str], robots: Preferences) -> str | None:
    """Return the digest, and a hash of what headers and robots.txt state on the use of the page, if they do.

    That can change while the page does not.
    """
    lines = [f"{name}: {headers[name]}" for name in HEADERS if name in headers]
    lines += [f"robots.txt: {use}={permitted}" for use, permitted in sorted(robots.items())]
    if digest is None or not lines:
        return digest
    stated = "\n".join(lines)
    return f"{digest} {sha256(stated.encode()).hexdigest()[:16]}"


async def _no_payload(url: str) -> Content:
    raise Refused(Status.TRUNCATED, "a revisit record, whose first capture is in another file")


async def _content(kind: str, content_type: str, block: bytes | Refused, max_bytes: int, facts: PageFacts) -> Content:
    if isinstance(block, Refused):
        raise block
    if kind == "conversion":
        return _text_page(block, facts)
    if kind == "resource":
        return _raw_page(StoredMessage(200, {"content-type": content_type}, block))
    try:
        return _raw_page(parse_message(block, max_bytes))
    except BadMessage as error:
        raise Refused(Status.PROTOCOL_ERROR, str(error)) from error
    except TooLarge as error:
        raise Refused(Status.TOO_LARGE, f"over {max_bytes} bytes") from error


def _text_page(block: bytes, facts: PageFacts) -> ExtractedPage:
    text = block.decode("utf-8", "replace").strip()
    if not text:
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the text is blank")
    title = facts.title or text.partition("\n")[0].strip()[:300] or None
    return ExtractedPage(Status.OK, None, title, text, facts.links)


def _raw_page(message: StoredMessage) -> RawPage:
    if 300 <= message.code < 400:
        raise Refused(Status.REDIRECTED, f"to {message.headers.get('location', 'nowhere')}")
    if message.code != 200:
        raise Refused(http_status(message.code), f"the server answered {message.code}")
    if message.media_type and message.media_type not in PAGE_TYPES:
        raise Refused(Status.CONTENT_TYPE, f"content type {message.media_type} is not supported")
    content_type = message.headers.get("content-type", "")
    return RawPage(message.body, message.media_type, content_type, headers=message.headers)
