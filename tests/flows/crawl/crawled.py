"""What a crawl left in the lake, for tests to look at."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from flows.settings import Crawl, Settings
from schemas import Document
from tests.doubles.sites.plain_site import Served
from warehouse.lake import Lake


def rows(home: Path, day: date) -> list[Document]:
    """Every document row of the day."""
    parts = Lake(home / "lake").parts(Document, day)
    return [Document(**row) for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]


def friendly(home: Path, site: Served, **crawl: object) -> Settings:
    """Settings that crawl the plain site."""
    asked: dict[str, object] = {"seeds": [site.home], "allow_addresses": ["127.0.0.1"], **crawl}
    return Settings(home=home, crawl=Crawl.model_validate(asked))
