"""The source over a list of collections, with which a kind needs nothing but its collections."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sources.collections.collection import Collection, Countable
from sources.collections.config import SourceConfig
from sources.collections.reader import read_collection
from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission


@dataclass(frozen=True)
class CollectionSource:
    """The pages of all collections of one entry of the settings."""

    config: SourceConfig
    find: Callable[[], Sequence[Collection]]
    """lists the collections; raises NotCrawlable if the settings name something that cannot be crawled"""

    @property
    def name(self) -> str:
        """Value of the documents' column `source`."""
        return self.config.name

    def start_urls(self) -> list[Admission]:
        """Return the collections. Raises NotCrawlable."""
        urls = dict.fromkeys(collection.url for collection in self.find())
        return [Admission(url, self.name, self.name, 0, -1, place) for place, url in enumerate(urls)]

    def count(self) -> int | None:
        """Return about how many pages the collections hold; None if one of them does not have the number."""
        counts = [one.count() if isinstance(one, Countable) else None for one in self.find()]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    async def crawl(self, run: CrawlRun) -> None:
        """Read every waiting collection, in the order of the settings; may be killed and called again."""
        found = {collection.url: collection for collection in self.find()}
        while visits := run.frontier.take(run.day, self.name, self.name, 1):
            await read_collection(self.config, visits[0], found.get(visits[0].url), run)
        run.drain()
