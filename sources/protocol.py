"""The protocol of a source: a kind of place that documents come from, such as web sites or a folder of files.

The crawl drives every source through it. A source is one folder here with a `configured` function in
`registry.py`; it needs no change in the crawl or in another source.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission


class Source(Protocol):
    """One configured source of documents."""

    @property
    def name(self) -> str:
        """Value of the documents' column `source`. The urls of a source without forms have it as their kind, too."""

    def start_urls(self) -> Iterable[Admission]:
        """Return the urls that a crawl starts with. Raises NotCrawlable on settings that cannot be crawled."""

    async def crawl(self, run: CrawlRun) -> None:
        """Fetch every waiting url of this source and end each one with a row, through `run.frontier.finish`.

        May be killed and called again at any point. Called only if urls of the source wait.
        """


Configure = Callable[[object], Source | list[Source] | None]
"""Builds sources from the crawl settings, which it reads by attribute; None if they do not name such a source."""
