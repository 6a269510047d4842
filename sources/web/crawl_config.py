"""What a crawl is asked to do: where it starts, how far it goes, and how politely.

The words are those of the settings' `[crawl]` section; this is their form for code that knows no settings.
"""

from dataclasses import dataclass, field

from sources.blocklist import NOTHING_BLOCKED, Blocklist
from sources.http.fetch import Limits
from sources.text.extract import Layout
from sources.urls import Scope

URLS_A_PAGE = 20
NO_LAYOUT = Layout()


@dataclass(frozen=True)
class Site:
    """What is crawled, and how politely."""

    seeds: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    max_pages: int = 400
    max_depth: int = 8
    obey_robots: bool = True
    delay_s: float = 0.0
    per_host: int = 2
    concurrency: int = 16
    retries: int = 3
    max_redirects: int = 5
    limits: Limits = field(default_factory=lambda: Limits("HorizonFactory"))
    layout: Layout = NO_LAYOUT
    blocked: Blocklist = NOTHING_BLOCKED
    redact: bool = True
    license: str | None = None

    @property
    def max_admitted(self) -> int:
        """Most urls that a night keeps account of one by one."""
        return max(10_000, URLS_A_PAGE * self.max_pages)

    def scope(self) -> Scope:
        """Which urls belong to it; raises NotCrawlable on a bad pattern."""
        return Scope.around((*self.seeds, *self.sitemaps), self.allow, self.deny)
