"""Fetches single pages of any host politely: robots.txt, one request at a time per host, pauses, retries.

For sources whose records lead to a page each. A crawl along links has its own queues per host.
"""

import asyncio

from sources.http.fetch import PAGE_TYPES, Client, FetchResult
from sources.http.rate_limit import MAX_RETRY_AFTER_S
from sources.http.robots import RobotsRules, fetch_rules
from sources.http.serial_requests import SerialRequests
from sources.urls import origin_of


class PolitePages:
    """The pages of one run, with one queue and one robots.txt per host."""

    def __init__(self, client: Client, *, retries: int, delay_s: float, obey_robots: bool) -> None:
        self._client, self._retries, self._delay_s, self._obey_robots = client, retries, delay_s, obey_robots
        self._hosts: dict[str, asyncio.Task[tuple[RobotsRules, SerialRequests]]] = {}

    async def get(self, url: str, types: frozenset[str] = PAGE_TYPES) -> FetchResult:
        """Request a normalised url. The result has the reason if robots.txt forbids it."""
        origin = origin_of(url)
        if origin not in self._hosts:
            self._hosts[origin] = asyncio.create_task(self._opened(url))
        rules, requests = await asyncio.shield(self._hosts[origin])
        if refusal := rules.refusal(url):
            return FetchResult(*refusal)
        return await requests.get(url, types)

    async def _opened(self, url: str) -> tuple[RobotsRules, SerialRequests]:
        agent = self._client.limits.user_agent
        rules = await fetch_rules(self._client, url, agent) if self._obey_robots else RobotsRules(agent)
        delay_s = min(max(self._delay_s, rules.delay_s), MAX_RETRY_AFTER_S)
        return rules, SerialRequests(self._client, retries=self._retries, delay_s=delay_s)
