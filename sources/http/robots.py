"""Fetches and applies robots.txt, once per origin and run, as RFC 9309 (2022) defines it.

A missing robots.txt allows every url; one that cannot be reached forbids every url.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property

from protego import Protego

from sources.http.fetch import ANY_TYPE, BodySize, Client, FetchResult
from sources.rights.usage_preferences import NO_PREFERENCES, RobotsPreferences, from_robots
from sources.status_codes import Status
from sources.urls import normalise, origin_of

MAX_DELAY_S = 60.0
"""A site with a longer crawl-delay is skipped: a night has no time for many such pauses."""
MAX_HOPS = 5
MAX_BYTES = 512 * 1024
"""Bytes of robots.txt that are read; the standard requires at least 500 KiB. Rules after them are not seen."""
MAX_SITEMAPS = 100
"""Sitemaps that one robots.txt may name."""

_COMMENT_TOKEN = re.compile(r"\bcompatible;\s*([A-Za-z][\w.-]*)", re.IGNORECASE)
_PRODUCT = re.compile(r"([A-Za-z][\w.-]*)(?:/[\w.-]*)?")
_BROWSER_PARTS = {"mozilla", "applewebkit", "chrome", "safari", "gecko", "firefox", "version", "mobile", "edg"}
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class RobotsRules:
    """The rules of one origin for this crawler's product token."""

    agent: str
    parsed: Protego | None = None
    preferences: RobotsPreferences = NO_PREFERENCES
    """Content-Signal and Content-Usage of the group for this crawler"""
    unreachable: tuple[Status, str] | None = None
    """(status, detail) if robots.txt could not be read; every url is then refused"""
    failure: FetchResult | None = field(default=None, compare=False)
    """the failed request if another one may succeed"""

    @cached_property
    def delay_s(self) -> float:
        """Minimum seconds between two requests: the larger of Crawl-delay and Request-rate."""
        if self.parsed is None:
            return 0.0
        rate = self.parsed.request_rate(self.agent)
        from_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(self.parsed.crawl_delay(self.agent) or 0.0), from_rate)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that robots.txt names, normalised."""
        named = (normalise(url) for url in self.parsed.sitemaps) if self.parsed else ()
        return tuple(dict.fromkeys(url for url in named if url))[:MAX_SITEMAPS]

    def refusal(self, url: str) -> tuple[Status, str] | None:
        """Return (status, detail) if the url must not be fetched, else None."""
        if self.unreachable:
            return self.unreachable
        if self.delay_s > MAX_DELAY_S:
            return Status.CRAWL_DELAY, f"robots.txt requires {self.delay_s:g} s between requests"
        if self.parsed is not None and not self.parsed.can_fetch(url, self.agent):
            return Status.ROBOTS_DENIED, f"robots.txt disallows this url for {self.agent}"
        return None


def product_token(user_agent: str) -> str:
    """Return the name that robots.txt addresses this crawler by.

    `Mozilla/5.0 (compatible; AcmeBot/1.0; +url)` is AcmeBot; else the first product that no browser is made of.
    """
    if in_comment := _COMMENT_TOKEN.search(user_agent):
        return in_comment[1]
    products = _PRODUCT.findall(re.sub(r"\([^)]*\)", " ", user_agent))
    own = (name for name in products if name.lower() not in _BROWSER_PARTS)
    return next(own, products[0] if products else user_agent)


async def fetch_rules(client: Client, url: str, user_agent: str) -> RobotsRules:
    """Fetch the rules of the url's origin for the product token of the user agent; follows redirects."""
    agent = product_token(user_agent)
    target = f"{origin_of(url)}/robots.txt"
    for _ in range(MAX_HOPS + 1):
        result = await client.get(target, types=ANY_TYPE, size=BodySize(MAX_BYTES, is_cut=True))
        if result.status != Status.REDIRECTED or result.location is None:
            return _rules(agent, result)
        target = result.location
    return RobotsRules(agent)


def _rules(agent: str, result: FetchResult) -> RobotsRules:
    if result.status == Status.OK:
        text = robots_text(result.body)
        return RobotsRules(agent, Protego.parse(text), from_robots(text, agent))
    if result.status == Status.REDIRECTED or _client_error(result.code):
        return RobotsRules(agent)
    if result.status == Status.PRIVATE_ADDRESS:
        return RobotsRules(agent, unreachable=(Status.PRIVATE_ADDRESS, result.detail or ""))
    detail = f"robots.txt cannot be read: {result.detail}"
    return RobotsRules(agent, unreachable=(Status.ROBOTS_UNREACHABLE, detail), failure=result)


def robots_text(body: bytes) -> str:
    """Decode robots.txt: UTF-8, or UTF-16 by its byte order mark or its zero bytes."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    if body[1:2] == b"\0":
        return body.decode("utf-16-le", "replace")
    return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-8", "replace")


def _client_error(code: int | None) -> bool:
    return code is not None and 400 <= code < 500 and code != 429
