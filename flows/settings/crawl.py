"""Settings of the crawl: sources, politeness, limits of a page, and redaction."""

from typing import Self

from pydantic import Field, model_validator

from flows.settings.address import LocalPath
from flows.settings.crawl_sources import CrawlSource
from flows.settings.section import Section
from flows.settings.types import LicenseName, Positive, Seconds
from sources.rights.declarations import EVERY_DIRECTIVE, Directive


class Crawl(Section):
    """Sources of the pages, and the politeness of the crawl."""

    seeds: list[str] = Field(
        default=[], description="urls to start from; without seeds, folders and sources the embedded site is crawled"
    )
    sitemaps: list[str] = Field(default=[], description="sitemap urls; their pages are crawled, too")
    folders: list[LocalPath] = Field(default=[], description="folders of Markdown, text and HTML files to read")
    sources: list[CrawlSource] = Field(
        default=[], description="further sources, each a table [[crawl.sources]] with kind = folder, web, …"
    )
    allow: list[str] = Field(
        default=[], description="regular expressions; a url must match one (default: the seeds' hosts)"
    )
    deny: list[str] = Field(default=[], description="regular expressions; a url that matches one is not fetched")
    max_pages: Positive = Field(default=400, description="pages fetched per night")
    max_depth: Positive = Field(default=8, description="links followed from a seed")
    max_alike: Positive = Field(
        default=50, description="pages in a row of one url pattern that are alike (a calendar); the others are skipped"
    )
    obey_robots: bool = Field(default=True, description="obey robots.txt and its crawl-delay")
    obey_directives: list[Directive] = Field(
        default=list(EVERY_DIRECTIVE),
        description="statements of pages and sites that are obeyed: a page that one of them forbids to keep has no "
        "text; nofollow: its links are not followed",
    )
    allow_addresses: list[str] = Field(
        default=[], description="private networks that may be crawled, such as 10.0.0.0/8"
    )
    user_agent: str = Field(default="HorizonFactory/0.1", description="sent with each request; add a contact address")
    delay_s: Seconds = Field(default=0.0, description="minimum seconds between two requests to one host")
    per_host: Positive = Field(default=2, description="concurrent requests to one host")
    concurrency: Positive = Field(default=16, description="pages fetched or extracted at the same time, over all hosts")
    shards: Positive = Field(
        default=4,
        le=1_000,
        description="shards of hosts, crawled by the machines of a Ray cluster ([engine]); 1: all by this machine",
    )
    timeout_s: Seconds = Field(default=20.0, description="timeout of one page in seconds, redirects and body included")
    retries: int = Field(default=3, ge=0, description="retries of a page after a transient failure")
    max_bytes: Positive = Field(default=5_000_000, description="largest page, after decompression")
    max_redirects: int = Field(default=5, ge=0, description="redirects followed for one page")
    license: LicenseName | None = Field(
        default=None, description="license of pages that name none themselves, as an SPDX id such as CC-BY-4.0"
    )
    redact: bool = Field(default=True, description="replace secrets and personal data in pages before they are stored")
    keep_raw: bool = Field(
        default=True,
        description="keep raw responses in lake/raw (WARC); a response that cannot be redacted is dropped",
    )

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        used = ["web"] * bool(self.seeds or self.sitemaps) + ["folder"] * bool(self.folders)
        for source in self.sources:
            name = source.name or source.kind
            if name in used:
                raise ValueError(f"two sources are called {name}: give one of [[crawl.sources]] another name")
            used.append(name)
        return self
