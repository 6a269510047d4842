"""Settings of a mediawiki source: a wiki over its API, or its XML dumps."""

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.settings.address import Address
from flows.settings.crawl_sources.source_section import SourceSection


class MediaWikiSection(SourceSection):
    """Pages of a wiki; politeness is that of [crawl]."""

    kind: Literal["mediawiki"]
    api: str | None = Field(default=None, description="address of the wiki's api.php; new and changed pages each night")
    dumps: list[Address] = Field(
        default=[],
        description="XML dumps (.xml, .gz, .bz2, .zst), in place of the API: files, folders, patterns, s3://",
    )
    namespaces: list[int] | None = Field(
        default=None, description="numbers of the namespaces to read; not set: those with content"
    )

    @model_validator(mode="after")
    def _has_start(self) -> Self:
        if bool(self.api) == bool(self.dumps):
            raise ValueError("name either api or dumps")
        return self
