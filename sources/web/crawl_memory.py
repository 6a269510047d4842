"""Facts of hosts that a crawler has found, so that another one of the same day goes on where it ended.

It saves requests, and keeps the pace of a host; a crawler without it reads each robots.txt once more.
"""

import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

from sources.frontier.records import Visit
from sources.http.rate_limit import HostQueue
from sources.web.crawl_traps import CrawlTraps
from sources.web.site import Site

KEPT_HOSTS = 10_000
"""Hosts whose rules are kept, some kilobytes each; the robots.txt of another one is read again."""


@dataclass
class CrawlMemory:
    """Hosts without a crawl, facts of sites, url patterns, sitemaps."""

    traps: CrawlTraps
    max_hosts: int = 0
    """hosts that are kept; 0: none, for a crawler that ends with its crawl"""
    hosts: dict[str, HostQueue[Visit]] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    sitemaps: set[str] = field(default_factory=set)
    modified: dict[str, datetime] = field(default_factory=dict)
    """url of a page → the latest time of a change, by the sitemaps that were read so far"""
    seed_hosts: tuple[str, ...] = ()
    """origins at which start urls had pages, in any part of the crawl"""

    def keep(self, host: HostQueue[Visit]) -> None:
        """Keep rules, failures and clock of a host; the urls in its queue wait in the frontier."""
        if self.max_hosts and (host.rules or host.robots_tries):
            self.hosts[host.origin] = replace(host, queue=deque(), in_flight=0, _exclusive=False)
            read = (one.origin for one in self.hosts.values() if one.rules)  # the others are requested again
            if len(self.hosts) > self.max_hosts and (oldest := next(read, None)):
                del self.hosts[oldest]

    def shift_clocks(self, seconds: float) -> None:
        """Move the clocks of all hosts by so many seconds, for another process's monotonic clock."""
        self.hosts = {origin: host.shifted(seconds) for origin, host in self.hosts.items()}


def wall_clock_offset() -> float:
    """Seconds from this process's monotonic clock to the clock that all machines share."""
    return time.time() - time.monotonic()
