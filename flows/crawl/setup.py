"""Client, raw files and parts of the lake for every process of a crawl, by the settings."""

from datetime import date
from importlib.metadata import version

from flows.settings import Crawl, Settings
from schemas.document import Document
from sources.archive.warc_files import WarcFiles
from sources.frontier.records import WritePart
from sources.http.fetch import Client, Limits
from sources.http.network import Network
from sources.rights.declarations import EVERY_DIRECTIVE
from sources.text.extract import EXTRACTOR
from warehouse.lake import Lake, PartName


def warc_files(settings: Settings, day: date, worker: str) -> WarcFiles:
    """The raw responses of a day and a worker."""
    lake = Lake(settings.lake)
    return WarcFiles(lambda: lake.new_raw(day, worker), _warc_info(settings.crawl), locate=lake.raw)


def part_writer(settings: Settings, worker: str, archive: WarcFiles) -> WritePart:
    """A function that writes rows to a part of the lake, after the raw responses that they name."""
    lake = Lake(settings.lake)

    def write(part_day: date, seq: int, rows: list[Document]) -> None:
        archive.sync()
        lake.write(Document, rows, PartName(part_day, worker, seq))

    return write


def extraction_of(crawl: Crawl) -> str:
    """Identity of what makes a text of a page's bytes: a change of the directives obeyed fetches all pages again."""
    parts = [EXTRACTOR]
    if set(crawl.obey_directives) != set(EVERY_DIRECTIVE):
        parts.append(f"obeys {' '.join(sorted(crawl.obey_directives))}")
    for source in crawl.sources:
        own = source.obey_directives
        if own is not None and set(own) != set(crawl.obey_directives):
            parts.append(f"{source.name or source.kind} obeys {' '.join(sorted(own))}")
    return ", ".join(parts)


def client_of(crawl: Crawl) -> Client:
    """Return a new client with the limits of the settings. Raises NotCrawlable on an invalid network."""
    limits = Limits(crawl.user_agent, crawl.timeout_s, crawl.max_bytes)
    return Client(limits, Network.allowing(crawl.allow_addresses))


def _warc_info(crawl: Crawl) -> dict[str, str]:
    """Return the fields of the warcinfo record of each file of raw responses."""
    changes = "bodies are stored decompressed, headers that carry credentials are left out"
    if crawl.redact:
        changes += ", secrets and personal data are replaced by placeholders"
    return {
        "software": f"horizon-factory/{version('horizon-factory')}",
        "format": "WARC File Format 1.1",
        "http-header-user-agent": crawl.user_agent,
        "description": changes,
    }
