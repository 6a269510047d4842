"""Settings of a source of feeds."""

from typing import Literal

from pydantic import Field

from flows.settings.address import HttpUrl
from flows.settings.crawl_sources.source_section import SourceSection


class FeedSection(SourceSection):
    """New entries of RSS, Atom and JSON feeds; politeness and limits are those of [crawl]."""

    kind: Literal["feed"]
    urls: list[HttpUrl] = Field(min_length=1, description="addresses of the feeds")
    full_text: Literal["page", "content"] = Field(
        default="page",
        description="page: fetch each entry's page; content: take the entry's own content where it has any",
    )
