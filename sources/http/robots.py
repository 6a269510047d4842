"""Fetches and applies robots.txt, once per origin and run, as RFC 9309 (2022) defines it.

A missing robots.txt allows every url; one that cannot be reached forbids every url.
"""

from dataclasses import dataclass

from protego import Protego

from sources.http.fetch import ANY_TYPE, Client, FetchResult
from sources.rights.usage_preferences import NO_PREFERENCES, RobotsPreferences, from_robots
from sources.status_codes import Status
from sources.urls import origin_of

MAX_DELAY_S = 60.0
"""A site with a longer crawl-delay is skipped: a night has no time for many such pauses."""
MAX_HOPS = 5
MAX_CHARS = 512 * 1024


@dataclass(frozen=True)
class RobotsRules:
    """The rules of one origin for this crawler's product token."""

    agent: str
    parsed: Protego | None = None
    preferences: RobotsPreferences = NO_PREFERENCES
    """Content-Signal and Content-Usage of the group for this crawler"""
    unreachable: tuple[Status, str] | None = None
    """(status, detail) if robots.txt could not be read; every url is then refused"""

    @property
    def delay_s(self) -> float:
        """Minimum seconds between two requests: the larger of Crawl-delay and Request-rate."""
        if self.parsed is None:
            return 0.0
        rate = self.parsed.request_rate(self.agent)
        from_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(self.parsed.crawl_delay(self.agent) or 0.0), from_rate)

    def refusal(self, url: str) -> tuple[Status, str] | None:
        """Return (status, detail) if the url must not be fetched, else None."""
        if self.unreachable:
            return self.unreachable
        if self.delay_s > MAX_DELAY_S:
            return Status.CRAWL_DELAY, f"robots.txt requires {self.delay_s:g} s between requests"
        if self.parsed is not None and not self.parsed.can_fetch(url, self.agent):
            return Status.ROBOTS_DENIED, f"robots.txt disallows this url for {self.agent}"
        return None


async def fetch_rules(client: Client, url: str, user_agent: str) -> RobotsRules:
    """Fetch the rules of the url's origin for the first product token of the user agent; follows redirects."""
    agent = user_agent.partition("/")[0].strip() or user_agent
    target = f"{origin_of(url)}/robots.txt"
    for _ in range(MAX_HOPS + 1):
        result = await client.get(target, types=ANY_TYPE)
        if result.status != Status.REDIRECTED or result.location is None:
            return _rules(agent, result)
        target = result.location
    return RobotsRules(agent)


def _rules(agent: str, result: FetchResult) -> RobotsRules:
    if result.status == Status.OK:
        text = result.body[:MAX_CHARS].decode("utf-8", "replace")
        return RobotsRules(agent, Protego.parse(text), from_robots(text, agent))
    if result.status in (Status.REDIRECTED, Status.TOO_LARGE, Status.CONTENT_ENCODING) or _client_error(result.code):
        return RobotsRules(agent)
    if result.status == Status.PRIVATE_ADDRESS:
        return RobotsRules(agent, unreachable=(Status.PRIVATE_ADDRESS, result.detail or ""))
    return RobotsRules(agent, unreachable=(Status.ROBOTS_UNREACHABLE, f"robots.txt cannot be read: {result.detail}"))


def _client_error(code: int | None) -> bool:
    return code is not None and 400 <= code < 500 and code != 429
