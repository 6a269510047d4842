"""The web source: pages reached over HTTP from seeds and sitemaps, along links."""

from dataclasses import dataclass

from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission
from sources.urls import NotCrawlable, normalise, origin_of
from sources.web.crawl_config import CrawlConfig
from sources.web.crawler import Crawler


def configured(crawl: object) -> "WebSource | None":
    """Build the source from the crawl settings; None if they name neither seeds nor sitemaps."""
    config = CrawlConfig.model_validate(crawl)
    return WebSource(config) if config.seeds or config.sitemaps else None


@dataclass(frozen=True)
class WebSource:
    """The pages within the configured scope."""

    config: CrawlConfig
    name: str = "web"

    def start_urls(self) -> list[Admission]:
        """Return seeds and sitemaps. Raises NotCrawlable naming an invalid url or pattern."""
        self.config.scope()
        starts = [("page", url) for url in self.config.seeds] + [("sitemap", url) for url in self.config.sitemaps]
        return [_admission(place, kind, text) for place, (kind, text) in enumerate(starts)]

    async def crawl(self, run: CrawlRun) -> None:
        """Fetch waiting urls level by level until the page budget is spent; end every url with a row."""
        await Crawler(self.config, run).run()


def _admission(place: int, kind: str, text: str) -> Admission:
    url = normalise(text)
    if url is None:
        raise NotCrawlable(f"crawl: {text!r} is not an http(s) url without credentials; correct seeds or sitemaps")
    return Admission(url, origin_of(url), kind, 0, -1, place)
