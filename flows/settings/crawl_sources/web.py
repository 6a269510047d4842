"""Settings of a further web source, with a scope, budget and license of its own."""

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.settings.crawl_sources.source_section import SourceSection
from flows.settings.types import Positive


class WebSection(SourceSection):
    """Pages of web sites; politeness and limits are those of [crawl]."""

    kind: Literal["web"]
    seeds: list[str] = Field(default=[], description="urls to start from")
    sitemaps: list[str] = Field(default=[], description="sitemap urls; their pages are crawled, too")
    allow: list[str] = Field(default=[], description="regular expressions; a url must match one (default: the hosts)")
    deny: list[str] = Field(default=[], description="regular expressions; a url that matches one is not fetched")
    max_depth: Positive | None = Field(default=None, description="links followed from a seed; not set: the crawl's")

    @model_validator(mode="after")
    def _has_start(self) -> Self:
        if not self.seeds and not self.sitemaps:
            raise ValueError("name seeds or sitemaps")
        return self
