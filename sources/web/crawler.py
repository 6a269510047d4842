"""The web crawler: walks each host level by level along links, until nothing waits or the page budget is spent.

Within a host, urls are fetched in the order in which pages link to them, so that every crawl of a site fetches
the same pages, however fast each one answers. A page's row and links are committed before the next page is
fetched: a killed crawl resumes, and fetches again only the pages in flight, at most `concurrency`.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable

from sources.archive.raw_capture import RawCapture
from sources.crawl_run import CrawlRun
from sources.frontier.records import InProgress, KnownPage, Visit, kind_of
from sources.http.rate_limit import HostQueue, QueuedRequest
from sources.http.robots import RobotsRules, fetch_rules
from sources.status_codes import Status
from sources.web.background_drain import BackgroundDrain
from sources.web.crawl_config import Budget, CrawlConfig
from sources.web.crawl_memory import CrawlMemory
from sources.web.crawl_traps import CrawlTraps
from sources.web.host_levels import HostLevels
from sources.web.response_handler import ResponseHandler, UrlOutcome, not_fetched, with_dropped_links
from sources.web.site import read_site

CHUNK = 500
"""Urls of one host held in memory."""
IDLE_S = 5.0
"""Longest wait between two progress reports."""


class Crawler:
    """One day's crawl of a web source; `run` may be killed and started again at any point."""

    def __init__(
        self, config: CrawlConfig, run: CrawlRun, budget: Budget | None = None, memory: CrawlMemory | None = None
    ) -> None:
        """`budget`: that of the settings, if not given; `memory`: that of an earlier crawler of the day."""
        self._budget, self._memory = budget or Budget.of(config), memory or CrawlMemory(CrawlTraps(config.max_alike))
        capture = RawCapture(run.archive, config.redact) if run.archive else None
        self._handler = ResponseHandler(config, config.scope(), run.client, run.pool, run.run_id, capture)
        self._handler.know(self._memory, self._budget.sitemaps)
        self._config, self._run = config, run
        self._frontier, self._day = run.frontier, run.day
        self._user_agent = run.client.limits.user_agent
        self._hosts: dict[str, HostQueue[Visit]] = {}
        self._levels: dict[str, HostLevels] = {}
        self._sites, self._traps = self._memory.sites, self._memory.traps
        self._tasks: set[asyncio.Task[None]] = set()
        self._drain = BackgroundDrain(run)
        self._source = config.source
        counts = self._frontier.counts(self._day, self._source)
        self._fetched, self._admitted = counts.fetched, counts.admitted
        self._last_url = ""
        starts = self._frontier.seed_hosts(self._day, kind_of(self._source, "page"))
        for origin in {*starts, *self._memory.seed_hosts}:
            self._handler.follow_seed(f"{origin}/")
        self._open_hosts(self._frontier.hosts(self._day, self._source))

    async def run(self) -> None:
        """Fetch until nothing waits within the budget; then end the urls that still wait."""
        await self.walk()
        self._frontier.close_run(self._day, self._source, self._config.over_budget)
        self._run.drain()

    async def walk(self, *, is_last: bool = True) -> None:
        """Fetch until nothing waits within the budget; unless `is_last`, a robots.txt that failed is left for later."""
        try:
            while self._start() or self._tasks or self._next_start() < float("inf"):
                if self._waits_for_robots():
                    if not is_last:
                        break
                    for host in self._hosts.values():
                        host.ask_robots_last()
                await self._wait()
                self._report()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, self._drain.wait(), return_exceptions=True)
            for host in self._hosts.values():
                self._memory.keep(host)
        self._drain.end()

    async def _wait(self) -> None:
        pause = max(0.0, min(self._next_start() - time.monotonic(), IDLE_S))
        if not self._tasks:
            await asyncio.sleep(0 if self._next_start() == float("inf") else pause)
            return
        full = len(self._tasks) >= self._config.concurrency
        done, self._tasks = await asyncio.wait(
            self._tasks, timeout=None if full else pause, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()

    def _waits_for_robots(self) -> bool:
        """True once every host that has anything left to crawl waits for a robots.txt that failed."""
        return not self._tasks and all(host.waits_for_robots(self._config.retries) for host in self._hosts.values())

    def _report(self) -> None:
        self._run.report(min(self._fetched, self._config.max_pages), self._config.max_pages, self._last_url)
        self._drain.look()

    def _start(self) -> bool:
        started = False
        for host in list(self._hosts.values()):
            while self._can_start(host):
                started = True
                if host.rules is None:
                    host.request_starts(exclusive=True)
                    self._spawn(self._fetch_robots(host))
                elif host.origin not in self._sites:
                    host.request_starts(exclusive=True)
                    self._spawn(self._read_site(host, host.rules))
                else:
                    self._start_next(host, host.rules)
        return started

    def _can_start(self, host: HostQueue[Visit]) -> bool:
        if len(self._tasks) >= self._config.concurrency:
            return False
        self._refill(host)
        return self._budget_left() and host.ready_at() <= time.monotonic()

    def _budget_left(self) -> bool:
        return self._fetched + len(self._tasks) < self._budget.pages

    def _next_start(self) -> float:
        if not self._budget_left():
            return float("inf")
        return min((host.ready_at() for host in self._hosts.values()), default=float("inf"))

    def _refill(self, host: HostQueue[Visit]) -> None:
        """Queue the host's next level once the previous one is complete, and before that what may begin early."""
        if host.queue:
            return
        levels = self._levels[host.origin]
        if levels.level:
            self._begin_early(host, levels)
            return
        while self._begin_level(host, levels) and not levels.level:
            pass
        if not levels.level:
            self._memory.keep(self._hosts.pop(host.origin))
            del self._levels[host.origin]

    def _begin_level(self, host: HostQueue[Visit], levels: HostLevels) -> bool:
        """Queue the next level, or what did not begin early of it; False if there is none."""
        n_early, begun = levels.n_early, levels.next_level()
        self._traps.end_level(host.origin)
        if host.unavailable and not levels.level:
            self._frontier.close_host(
                self._day, self._source, host.origin, Status.HOST_UNAVAILABLE, host.unavailable_detail
            )
        visits = self._take(host, CHUNK - n_early, begun)
        n_now = self._traps.before_comparison([visit.url for visit in visits])
        self._queue(host, visits[:n_now])  # the others wait on
        return bool(visits or n_early)

    def _begin_early(self, host: HostQueue[Visit], levels: HostLevels) -> None:
        left = CHUNK - levels.n_early
        if host.unavailable or not left or not self._budget_left() or (begun := levels.next_early()) is None:
            return
        visits = self._take(host, left, begun)
        self._queue(host, visits[: self._traps.n_never_compared(visit.url for visit in visits)], early=True)

    def _take(self, host: HostQueue[Visit], limit: int, begun: InProgress) -> list[Visit]:
        return self._frontier.take(self._day, self._source, host.origin, limit, begun)

    def _queue(self, host: HostQueue[Visit], visits: list[Visit], *, early: bool = False) -> None:
        self._levels[host.origin].begin(visits, early=early)
        host.queue.extend(QueuedRequest(visit) for visit in visits if not self._end_if_refused(visit))

    def _end_if_refused(self, visit: Visit) -> bool:
        """End a blocked url, or one of a trap, before anything of its host is fetched, robots.txt included."""
        if entry := self._run.blocklist.blocking_entry(visit.url):
            reason = Status.BLOCKED, f"blocklist = [..., {entry!r}, ...]"
        elif trap := self._traps.refusal(visit.url):
            reason = Status.CRAWL_TRAP, trap
        else:
            return False
        self._end(visit, not_fetched(visit, self._run.run_id, *reason))
        return True

    def _open_hosts(self, origins: Iterable[str]) -> None:
        for origin in origins:
            if origin not in self._hosts:
                rules = None if self._config.obey_robots else RobotsRules(self._user_agent)
                new = HostQueue[Visit](origin, self._config.per_host, self._config.delay_s, rules=rules)
                self._hosts[origin] = self._memory.hosts.pop(origin, new)
                self._levels[origin] = HostLevels()

    def _start_next(self, host: HostQueue[Visit], rules: RobotsRules) -> None:
        request = host.pop()
        visit = request.target
        reason = rules.refusal(visit.url)
        if visit.depth > self._config.max_depth:
            reason = Status.OVER_DEPTH, f"max_depth = {self._config.max_depth} links from a seed"
        if host.unavailable:
            reason = Status.HOST_UNAVAILABLE, host.unavailable_detail
        if reason:
            self._end(visit, not_fetched(visit, self._run.run_id, *reason))
            return
        known = self._frontier.known(visit.url)
        if spared := self._handler.spared(visit, known):
            self._end(visit, spared)
            return
        host.request_starts()
        self._spawn(self._fetch(host, request, known))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _fetch_robots(self, host: HostQueue[Visit]) -> None:
        try:
            rules = await fetch_rules(self._run.client, host.origin, self._user_agent)
        finally:
            host.request_ends()
        if rules.failure is not None and host.postpone_robots(rules.failure, self._config.retries):
            return
        host.rules = rules
        host.start_delay()
        self._frontier.admit(self._day, self._handler.sitemaps_of(rules))

    async def _read_site(self, host: HostQueue[Visit], rules: RobotsRules) -> None:
        client, pool = self._run.client, self._run.pool
        try:
            self._sites[host.origin] = await read_site(self._config, client, pool, host.origin, rules)
        finally:
            host.request_ends()

    async def _fetch(self, host: HostQueue[Visit], request: QueuedRequest[Visit], known: KnownPage | None) -> None:
        visit = request.target
        try:
            response = await self._handler.fetch(visit, known)
        finally:
            host.request_ends()
        if request.can_retry(response, self._config.retries):
            host.retry(request, response.retry_after_s)
            return
        host.count_failure(response)
        self._last_url = visit.url
        levels, site = self._levels[host.origin], self._sites[host.origin]
        outcome = self._handler.unread(visit, response, known, site)
        if outcome is None and visit.form == "sitemap":
            outcome = await self._handler.sitemap(visit, response)
        elif outcome is None:
            levels.in_worker(visit)
            outcome = await self._handler.page(visit, response, known, site)
        self._traps.add(host.origin, visit.position, outcome.document, early=visit.url in levels.early)
        self._end(visit, outcome)

    def _end(self, visit: Visit, outcome: UrlOutcome) -> None:
        room = self._admissible(len(outcome.links))
        document, links = outcome.document, outcome.links[:room]
        if dropped := len(outcome.links) - len(links):
            document = with_dropped_links(document, dropped, self._admitted)
        self._levels[visit.host].end(visit)
        self._frontier.finish(self._day, document, fetched=outcome.fetched, links=links, page_links=outcome.page_links)
        self._admitted += len(links)
        self._fetched += outcome.fetched
        self._drain.undrained += 1
        self._open_hosts({link.host for link in links})

    def _admissible(self, n_links: int) -> int:
        """Return how many of `n_links` links the frontier still accepts today."""
        if self._admitted + n_links > self._budget.urls:
            self._admitted = self._frontier.counts(self._day, self._source).admitted  # counts repeated links only once
        return max(0, self._budget.urls - self._admitted)
