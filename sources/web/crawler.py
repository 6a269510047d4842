"""The web source: from seeds and sitemaps along links, politely, until the night's budget is spent.

Each host is walked level by level, in the order in which its pages lead on, so the same site gives the
same pages every night, however fast which page answered. What a url led to is committed before the next
is asked for: a killed crawl goes on, and asks again only for pages in hand, at most `concurrency`.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable

from sources.archive.raw_capture import Keeper
from sources.crawl_run import Night
from sources.frontier.frontier import Admission, Visit
from sources.http.fetch import Client
from sources.http.network import Network
from sources.http.rate_limit import Host, Turn
from sources.http.robots import Rules, rules_for
from sources.status_codes import Status
from sources.text.extraction_pool import Seats
from sources.urls import NotCrawlable, normalise, origin_of
from sources.web.crawl_config import Site
from sources.web.response_handler import Ending, Visitor, refused

CHUNK = 500
"""Urls of one host held in memory."""
DRAIN_ROWS = 100
"""Ended urls that a part of the lake is written for while the crawl goes on."""
IDLE_S = 5.0


def admit(site: Site, night: Night) -> None:
    """Let seeds and sitemaps wait for the night; raises NotCrawlable naming a seed that is no url."""
    starts = [("page", url) for url in site.seeds] + [("sitemap", url) for url in site.sitemaps]
    admissions = []
    for place, (kind, text) in enumerate(starts):
        url = normalise(text)
        if url is None:
            raise NotCrawlable(f"crawl: {text!r} is no http(s) url without credentials; correct seeds or sitemaps")
        admissions.append(Admission(url, origin_of(url), kind, 0, -1, place))
    night.frontier.admit(night.day, admissions)


async def crawl(site: Site, night: Night, network: Network) -> None:
    """Crawl what waits for the night, and end every url with a row; may be stopped and called again at any point."""
    async with Client(site.limits, network) as client, Seats() as seats:
        keeper = Keeper(night.raw, site.redact) if night.raw else None
        await _Walk(Visitor(site, site.scope(), client, seats, night.run_id, keeper), night).run()


class _Walk:
    def __init__(self, visitor: Visitor, night: Night) -> None:
        self._visitor, self._site = visitor, visitor.site
        self._night, self._frontier, self._day = night, night.frontier, night.day
        self._hosts: dict[str, Host] = {}
        self._running: set[asyncio.Task[None]] = set()
        counts = self._frontier.counts(self._day)
        self._spent, self._admitted = counts.fetched, counts.admitted
        self._undrained = 0
        self._last = ""
        self._open_hosts(self._frontier.hosts(self._day))

    async def run(self) -> None:
        """Work until nothing waits that the budget allows; then end what still waits."""
        try:
            while self._start() or self._running or self._next_at() < float("inf"):
                await self._wait()
                self._say()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        self._frontier.close_night(self._day, f"max_pages = {self._site.max_pages} was reached first")
        self._night.drain()

    async def _wait(self) -> None:
        pause = max(0.0, min(self._next_at() - time.monotonic(), IDLE_S))
        if not self._running:
            await asyncio.sleep(0 if self._next_at() == float("inf") else pause)
            return
        full = len(self._running) >= self._site.concurrency
        done, self._running = await asyncio.wait(
            self._running, timeout=None if full else pause, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()

    def _say(self) -> None:
        self._night.report(min(self._spent, self._site.max_pages), self._site.max_pages, self._last)
        if self._undrained >= DRAIN_ROWS:
            self._undrained = 0
            self._night.drain(DRAIN_ROWS)

    def _start(self) -> bool:
        started = False
        for host in list(self._hosts.values()):
            while self._may_start(host):
                started = True
                if host.rules is None:
                    host.request_starts(alone=True)
                    self._spawn(host, self._learn_rules(host))
                else:
                    self._begin(host, host.rules)
        return started

    def _may_start(self, host: Host) -> bool:
        if len(self._running) >= self._site.concurrency:
            return False
        self._refill(host)
        return self._budget_left() and host.ready_at() <= time.monotonic()

    def _budget_left(self) -> bool:
        return self._spent + len(self._running) < self._site.max_pages

    def _next_at(self) -> float:
        if not self._budget_left():
            return float("inf")
        return min((host.ready_at() for host in self._hosts.values()), default=float("inf"))

    def _refill(self, host: Host) -> None:
        """Open the host's next level when nothing of the last one is left."""
        if host.queue or host.working:
            return
        if host.given_up:
            self._frontier.close_host(self._day, host.name, Status.HOST_UNAVAILABLE, host.why_given_up)
        while not host.queue and (visits := self._frontier.take(self._day, host.name, CHUNK)):
            host.queue.extend(Turn(visit) for visit in visits if not self._block(visit))
        if not host.queue:
            del self._hosts[host.name]

    def _block(self, visit: Visit) -> bool:
        """End the url when it is blocked, before anything of its host is asked for, robots.txt too."""
        entry = self._site.blocked.why(visit.url)
        if entry:
            self._end(refused(visit, self._visitor.run_id, Status.BLOCKED, f"blocklist = [..., {entry!r}, ...]"))
        return entry is not None

    def _open_hosts(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._hosts:
                rules = None if self._site.obey_robots else Rules(self._site.limits.user_agent)
                self._hosts[name] = Host(name, self._site.per_host, self._site.delay_s, rules=rules)

    def _begin(self, host: Host, rules: Rules) -> None:
        turn = host.next_turn()
        reason = rules.refuse(turn.visit.url)
        if turn.visit.depth > self._site.max_depth:
            reason = Status.OVER_DEPTH, f"max_depth = {self._site.max_depth} links from a seed"
        if host.given_up:
            reason = Status.HOST_UNAVAILABLE, host.why_given_up
        if reason:
            self._end(refused(turn.visit, self._visitor.run_id, *reason))
        else:
            host.request_starts()
            self._spawn(host, self._work(host, turn))

    def _spawn(self, host: Host, work: Coroutine[None, None, None]) -> None:
        async def counted() -> None:
            try:
                await work
            finally:
                host.working -= 1

        host.working += 1
        self._running.add(asyncio.create_task(counted()))

    async def _learn_rules(self, host: Host) -> None:
        try:
            host.rules = await rules_for(self._visitor.client, host.name, self._site.limits.user_agent)
        finally:
            host.request_ends()
        host.rest()

    async def _work(self, host: Host, turn: Turn) -> None:
        known = self._frontier.known(turn.visit.url)
        try:
            reply = await self._visitor.request(turn.visit, known)
        finally:
            host.request_ends()
        if turn.may_try_again(reply, self._site.retries):
            host.try_again(turn, reply.wait_s)
            return
        host.judge(reply)
        self._last = turn.visit.url
        self._end(await self._visitor.judge(turn.visit, reply, known))

    def _end(self, ending: Ending) -> None:
        links = ending.links[: self._room(len(ending.links))]
        document = ending.document
        if len(links) < len(ending.links):
            lost = f"{len(ending.links) - len(links)} links were not admitted: the night holds {self._admitted} urls"
            document = document.model_copy(update={"detail": "; ".join(filter(None, (document.detail, lost)))})
        self._frontier.finish(self._day, document, fetched=ending.fetched, links=links)
        self._admitted += len(links)
        self._spent += ending.fetched
        self._undrained += 1
        self._open_hosts({link.host for link in links})

    def _room(self, wanted: int) -> int:
        """How many of so many links the night still holds."""
        if self._admitted + wanted > self._site.max_admitted:
            self._admitted = self._frontier.counts(self._day).admitted  # links that were met before need no room
        return max(0, self._site.max_admitted - self._admitted)
