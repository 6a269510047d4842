"""The embedded source: Python's own documentation, for a first crawl with no settings and no network."""

from dataclasses import dataclass, replace

from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission
from sources.http.fetch import Client
from sources.pydoc_site import server
from sources.web.crawl_config import CrawlConfig
from sources.web.source import WebSource


def configured(crawl: object) -> "PydocSource":
    """Build the source; budget, politeness and redaction are those of the crawl settings."""
    config = CrawlConfig.model_validate(crawl)
    site = {
        "seeds": server.SEEDS,
        "deny": (*config.deny, *server.DENY),
        "layout": server.LAYOUT,
        "license": config.license or server.LICENSE,
    }
    return PydocSource(WebSource(config.model_copy(update=site)))


@dataclass(frozen=True)
class PydocSource:
    """The web source over a pydoc server that runs only during the crawl."""

    web: WebSource
    name: str = "web"
    """its documents are pages fetched over HTTP, as those of any site"""

    def start_urls(self) -> list[Admission]:
        """Return the site's indexes: topics, keywords, modules."""
        return self.web.start_urls()

    async def crawl(self, run: CrawlRun) -> None:
        """Start the server, crawl it, stop it. Raises PydocServerFailed if it does not start."""
        with server.running_server() as port:
            network = run.client.network.with_override(server.HOST, server.ADDRESS, port)
            async with Client(run.client.limits, network) as client:
                await self.web.crawl(replace(run, client=client))
