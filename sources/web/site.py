"""Facts of a site that are read before the first of its pages: its statements on rights, and how its errors look.

Sites that answer an address that does not exist with code 200 are recognised by one such request.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sources.http.fetch import ANY_TYPE, PAGE_TYPES, Client
from sources.http.robots import RobotsRules
from sources.rights.declarations import SiteRights
from sources.rights.tdm import NO_RULES, TDM_FILE, TdmFile, read_tdm_file
from sources.status_codes import Status
from sources.text.extract import Layout
from sources.text.extraction_pool import ExtractionPool
from sources.text.page_identity import shared, sketch
from sources.web.crawl_config import CrawlConfig

MAX_HOPS = 5
MISSING = "/no-such-page-"
"""Beginning of the path that is requested to see an error; a hash follows."""
SAME_ERROR = 0.8
"""Share of an error page's runs of words that a page has to have to be one."""


@dataclass(frozen=True)
class Site:
    """The facts of one origin."""

    rights: SiteRights
    error_sketch: Sequence[int] = ()
    """sketch of its answer to an address that does not exist; empty if that is an error code"""

    def narrowed_to(self, url: str) -> "Site":
        """The facts that apply to a url."""
        return replace(self, rights=self.rights.narrowed_to(url))

    def is_error(self, path: str, text: str) -> bool:
        """True if the text is that of the site's errors; its front page is no error, whatever it answers."""
        return path != "/" and bool(self.error_sketch) and shared(sketch(text), self.error_sketch) >= SAME_ERROR


async def read_site(config: CrawlConfig, client: Client, pool: ExtractionPool, origin: str, rules: RobotsRules) -> Site:
    """Read the facts that robots.txt permits to read, tdmrep.json only if reservations are obeyed.

    A file that cannot be read states nothing, as TDMRep defines it. Its redirects are followed.
    """
    file, mining = f"{origin}{TDM_FILE}", "tdm-reservation" in config.obey_directives
    reserved = await _reservations(client, file) if mining and not rules.refusal(file) else NO_RULES
    missing = f"{origin}{MISSING}{sha256(origin.encode()).hexdigest()[:12]}"
    error = () if rules.refusal(missing) else await _error_sketch(client, pool, missing, config.layout)
    return Site(SiteRights(rules.agent, rules.preferences, reserved), error)


async def _reservations(client: Client, url: str) -> TdmFile:
    for _ in range(MAX_HOPS + 1):
        result = await client.get(url, types=ANY_TYPE)
        if result.status != Status.REDIRECTED or result.location is None:
            break
        url = result.location
    return read_tdm_file(result.body) if result.status == Status.OK else NO_RULES


async def _error_sketch(client: Client, pool: ExtractionPool, url: str, layout: Layout) -> Sequence[int]:
    result = await client.get(url, types=PAGE_TYPES)
    if result.status != Status.OK:
        return ()
    content_type = result.headers.get("content-type", "")
    page = await pool.extract(result.body, result.media_type, content_type, url, layout)
    return sketch(page.text) if page.status == Status.OK else ()
