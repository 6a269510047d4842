"""Nights of one source in a home of its own: settings as a user writes them, rows as the lake holds them."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from schemas import Document
from tests.flows.crawl.crawled import rows
from warehouse.console.progress import silent

FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


def settings_of(home: Path, *sources: Mapping[str, object], **crawl: object) -> Settings:
    """Return the settings of a home with these entries of `[[crawl.sources]]`."""
    section = {"sources": list(sources), "allow_addresses": ["127.0.0.1"], **crawl}
    return Settings(home=home, crawl=Crawl.model_validate(section))


def night(settings: Settings, day: date) -> dict[str, Document]:
    """Crawl one night; return its rows by url."""
    run_crawl(settings, day, silent)
    found = rows(settings.home, day)
    assert len({row.url for row in found}) == len(found)
    return {row.url: row for row in found}


def statuses(found: Mapping[str, Document]) -> dict[str, int]:
    """Count rows by status."""
    return dict(Counter(row.status for row in found.values()))


def by_name(found: Mapping[str, Document]) -> dict[str, Document]:
    """Return the rows by the last part of their url."""
    return {url.rstrip("/").rpartition("/")[2]: row for url, row in found.items()}
