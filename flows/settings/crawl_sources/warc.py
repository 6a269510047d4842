"""Settings of a source of web archives."""

from typing import Literal

from pydantic import Field

from flows.settings.address import Address
from flows.settings.crawl_sources.source_section import SourceSection


class WarcSection(SourceSection):
    """WARC files, and the WET files of Common Crawl."""

    kind: Literal["warc"]
    paths: list[Address] = Field(
        min_length=1, description="files, folders or patterns such as /data/*.warc.gz or s3://bucket/crawl/*.warc.gz"
    )
