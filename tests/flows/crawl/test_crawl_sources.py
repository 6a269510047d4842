"""The source protocol: a new source needs its own class and settings, and no change in the crawl or another source."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission
from sources.protocol import Source
from sources.registry import SOURCES, configured_sources
from sources.text.document_builder import build_document
from sources.text.extract import Layout
from tests.doubles.sites.plain_site import plain_site
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent

DAY = date(2026, 3, 1)
PATHS = ("/branch/0", "/branch/1", "/branch/2")


@dataclass(frozen=True)
class ListSource:
    """A source of a fixed list of urls that fetches two of them per run."""

    home: str
    name: str = "list"

    def start_urls(self) -> list[Admission]:
        """Return the list."""
        return [Admission(self.home + path, "list", "list", 0, -1, n) for n, path in enumerate(PATHS)]

    async def crawl(self, run: CrawlRun) -> None:
        """Fetch the first two urls with the polite client and extract them in the pool."""
        for visit in run.frontier.take(run.day, self.name, "list", 2):
            response = await run.client.get(visit.url)
            page = await run.pool.extract(response.body, response.media_type, "", visit.url, Layout())
            document = build_document(visit.url, run.run_id, page, source=self.name)
            run.frontier.finish(run.day, document, fetched=True)
        run.frontier.close_run(run.day, self.name, "the list is longer than two")
        run.drain()


def test_a_new_source_is_crawled_together_with_the_others(tmp_path: Path) -> None:
    """Its rows name it, its leftover urls have a reason, and the web source does not fetch them."""
    with plain_site() as site:

        def configured(crawl: object) -> Source:
            return ListSource(site.home)

        settings = settings_for(tmp_path, site, seeds=[f"{site.home}/leaf/0/0"], max_depth=1, allow=["/leaf/"])
        counts = run_crawl(settings, DAY, silent, (configured, *SOURCES))
        assert run_crawl(settings, DAY, silent, (configured, *SOURCES)) == counts
    found = rows(tmp_path, DAY)
    assert Counter((row.source, row.status) for row in found) == {
        ("list", "ok"): 2, ("list", "over_budget"): 1, ("web", "ok"): 1,
    }  # fmt: skip
    assert (site.paths().count("/branch/0"), site.paths().count("/branch/2")) == (1, 0)


def test_settings_choose_the_sources(tmp_path: Path) -> None:
    """With no source in the settings the embedded site is crawled; with any source it is not."""
    assert [type(source).__name__ for source in configured_sources(Crawl())] == ["PydocSource"]
    both = Settings(home=tmp_path, crawl=Crawl(folders=[tmp_path], seeds=["http://a.example/"])).crawl
    assert [source.name for source in configured_sources(both)] == ["folder", "web"]
