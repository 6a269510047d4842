"""What a site asks of crawlers, obeyed by default: its robots.txt, read once a night for each origin.

As RFC 9309 says: no robots.txt allows everything, one that cannot be reached forbids everything.
"""

from dataclasses import dataclass

from protego import Protego

from sources.http.fetch import ANY_TYPE, Client, Reply
from sources.status_codes import Status
from sources.urls import origin_of

MAX_DELAY_S = 60.0
"""A site that asks for longer pauses than this is left alone: a night cannot hold many."""
MAX_HOPS = 5
MAX_CHARS = 512 * 1024


@dataclass(frozen=True)
class Rules:
    """What one origin allows this crawler."""

    agent: str
    parsed: Protego | None = None
    unreachable: tuple[Status, str] | None = None
    """why robots.txt could not be read; nothing is allowed then"""

    @property
    def delay_s(self) -> float:
        """Least seconds between two requests that the site asks for."""
        if self.parsed is None:
            return 0.0
        rate = self.parsed.request_rate(self.agent)
        from_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
        return max(float(self.parsed.crawl_delay(self.agent) or 0.0), from_rate)

    def refuse(self, url: str) -> tuple[Status, str] | None:
        """Why the url may not be fetched, or None when it may."""
        if self.unreachable:
            return self.unreachable
        if self.delay_s > MAX_DELAY_S:
            return Status.CRAWL_DELAY, f"robots.txt asks for {self.delay_s:g} s between requests"
        if self.parsed is not None and not self.parsed.can_fetch(url, self.agent):
            return Status.ROBOTS_DENIED, f"robots.txt does not allow this url to {self.agent}"
        return None


async def rules_for(client: Client, url: str, user_agent: str) -> Rules:
    """The rules of the url's origin, for the product that the user agent names first."""
    agent = user_agent.partition("/")[0].strip() or user_agent
    target = f"{origin_of(url)}/robots.txt"
    for _ in range(MAX_HOPS + 1):
        reply = await client.get(target, types=ANY_TYPE)
        if reply.status != Status.REDIRECTED or reply.location is None:
            return _rules(agent, reply)
        target = reply.location
    return Rules(agent)


def _rules(agent: str, reply: Reply) -> Rules:
    if reply.status == Status.OK:
        return Rules(agent, Protego.parse(reply.body[:MAX_CHARS].decode("utf-8", "replace")))
    if reply.status in (Status.REDIRECTED, Status.TOO_LARGE, Status.CONTENT_ENCODING) or _client_error(reply.code):
        return Rules(agent)
    if reply.status == Status.PRIVATE_ADDRESS:
        return Rules(agent, unreachable=(Status.PRIVATE_ADDRESS, reply.detail or ""))
    return Rules(agent, unreachable=(Status.ROBOTS_UNREACHABLE, f"robots.txt cannot be read: {reply.detail}"))


def _client_error(code: int | None) -> bool:
    return code is not None and 400 <= code < 500 and code != 429
