"""Settings of a source of Parquet files."""

from typing import Literal

from pydantic import Field

from flows.settings.address import Address
from flows.settings.crawl_sources.source_section import SourceSection

Column = Literal["url", "id", "text", "title", "links", "lang", "license"]


class ParquetSection(SourceSection):
    """Rows of Parquet files, of this machine, a bucket or the Hub."""

    kind: Literal["parquet"]
    paths: list[Address] = Field(
        min_length=1,
        description="files, folders or patterns such as /data/**/*.parquet, s3://bucket/set/ or hf://datasets/owner/name/",
    )
    columns: dict[Column, str] = Field(
        default={}, description="what the file's columns are called, such as { text = 'content' }; default: as the keys"
    )
    format: Literal["text", "markdown", "html", "rst"] = Field(default="text", description="format of the text column")
