"""Settings of test crawls, and the document rows that a crawl wrote to the lake."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from flows.settings import Crawl, Settings
from schemas import Document
from tests.doubles.sites.plain_site import RunningSite
from warehouse.lake import Lake


def rows(home: Path, day: date) -> list[Document]:
    """Return every document row of the day."""
    parts = Lake(home / "lake").parts(Document, day)
    return [Document(**row) for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]


def settings_for(home: Path, site: RunningSite, **crawl: object) -> Settings:
    """Return settings that crawl the plain site; `crawl` are further keys of the crawl section."""
    section: dict[str, object] = {"seeds": [site.home], "allow_addresses": ["127.0.0.1"], **crawl}
    return Settings(home=home, crawl=Crawl.model_validate(section))
