"""The web source: pages reached over HTTP from seeds and sitemaps, along links."""

from dataclasses import dataclass

from pydantic import BaseModel

from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission, kind_of
from sources.urls import NotCrawlable, normalise, origin_of
from sources.web.crawl_config import CrawlConfig
from sources.web.crawler import Crawler


def configured(crawl: object) -> "WebSource | None":
    """Build the source from the crawl settings; None if they name neither seeds nor sitemaps."""
    config = CrawlConfig.model_validate(crawl)
    return WebSource(config) if config.seeds or config.sitemaps else None


def configured_section(crawl: object, section: BaseModel) -> "WebSource":
    """Build the source of an entry of `[[crawl.sources]]`, whose keys win over those of the crawl."""
    keys = {key: value for key, value in section if value is not None}
    of_crawl = dict(CrawlConfig.model_validate(crawl)) | {"source": keys.get("name") or keys["kind"]}
    return WebSource(CrawlConfig.model_validate(of_crawl | keys))


@dataclass(frozen=True)
class WebSource:
    """The pages within the configured scope."""

    config: CrawlConfig

    @property
    def name(self) -> str:
        """Value of the documents' column `source`."""
        return self.config.source

    def start_urls(self) -> list[Admission]:
        """Return seeds and sitemaps. Raises NotCrawlable naming an invalid url or pattern."""
        self.config.scope()
        starts = [("page", url) for url in self.config.seeds] + [("sitemap", url) for url in self.config.sitemaps]
        return [_admission(place, kind_of(self.name, form), text) for place, (form, text) in enumerate(starts)]

    async def crawl(self, run: CrawlRun) -> None:
        """Fetch waiting urls level by level until the page budget is spent; end every url with a row."""
        await Crawler(self.config, run).run()


def _admission(place: int, kind: str, text: str) -> Admission:
    url = normalise(text)
    if url is None:
        raise NotCrawlable(f"crawl: {text!r} is not an http(s) url without credentials; correct seeds or sitemaps")
    return Admission(url, origin_of(url), kind, 0, -1, place)
