"""The settings of a web crawl: start urls, scope, budget, politeness, and the layout of the site's pages."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from sources.rights.declarations import EVERY_DIRECTIVE, Directive
from sources.text.extract import Layout
from sources.urls import Scope

URLS_PER_PAGE = 20
MAX_SITEMAPS = 200
"""Sitemaps of one crawl that other sitemaps or robots.txt name; they do not count against the page budget."""


class CrawlConfig(BaseModel):
    """Start urls, scope, budget and politeness; the names are those of the settings' keys."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    seeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    max_pages: int = 400
    max_depth: int = 8
    max_alike: int = 50
    obey_robots: bool = True
    obey_directives: tuple[Directive, ...] = EVERY_DIRECTIVE
    delay_s: float = 0.0
    per_host: int = 2
    concurrency: int = 16
    retries: int = 3
    max_redirects: int = 5
    redact: bool = True
    license: str | None = None
    follow_links: bool = True
    """false: only the start urls and the targets of their redirects are fetched"""
    layout: Layout = Layout()
    source: str = "web"
    """name of the source, for the documents' column `source`"""

    @property
    def max_admitted(self) -> int:
        """Maximum number of urls that one day's crawl admits to the frontier."""
        return max(10_000, URLS_PER_PAGE * self.max_pages)

    @property
    def over_budget(self) -> str:
        """The detail of a url that the budget did not reach."""
        return f"max_pages = {self.max_pages} was reached first"

    def scope(self) -> Scope:
        """Return the rule for which urls belong to the crawl. Raises NotCrawlable on an invalid pattern."""
        return Scope.around((*self.seeds, *self.sitemaps), self.allow, self.deny)


@dataclass(frozen=True)
class Budget:
    """The limits of a crawler for one day, counted from the day's beginning."""

    pages: int
    """pages fetched"""
    urls: int
    """urls admitted to the frontier"""
    sitemaps: int = MAX_SITEMAPS
    """sitemaps that other sitemaps or robots.txt name"""

    @classmethod
    def of(cls, config: CrawlConfig) -> "Budget":
        """The limits of the settings."""
        return cls(config.max_pages, config.max_admitted)
