"""Plans the next round of all shards: how deep it goes, the links that travel, and each one's share of the budget.

A level of depth begins once all shards have ended the one before, so that the depth of each url is that of its shortest
way from a start url, for any number of shards and any speed of hosts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.crawl.shards.link_parts import LinkPart
from flows.crawl.shards.round import Report, Round
from sources.web.crawl_config import MAX_SITEMAPS, Budget


@dataclass
class Planner:
    """The rounds of one source."""

    limits: Budget
    """of all shards together"""
    reports: list[Report]
    """the newest one of each shard"""
    inboxes: list[list[LinkPart]] = field(default_factory=list)
    """the parts that each shard has not admitted yet"""
    deepest: int = 0

    def __post_init__(self) -> None:
        self.inboxes = [[] for _ in self.reports]
        for report in self.reports:
            self._deliver(report)

    def take(self, index: int, report: Report) -> None:
        """A shard has ended its round."""
        self.reports[index] = report
        self._deliver(report)

    def next_round(self, number: int) -> dict[int, Round]:
        """Index of a shard -> its work; empty once nothing is left within the budget."""
        depths = [depth for report in self.reports for depth in report.waiting] if self._pages_left() else []
        depths += [part.lowest for inbox in self.inboxes for part in inbox]
        is_last = not depths and self._pages_left() > 0 and any(report.postponed for report in self.reports)
        if not depths and not is_last:
            return {}
        self.deepest = max(self.deepest, min(depths, default=self.deepest))
        budgets, seeds = self.budgets(is_last=is_last), {host for one in self.reports for host in one.seed_hosts}
        rounds = dict[int, Round]()
        for index, (inbox, budget) in enumerate(zip(self.inboxes, budgets, strict=True)):
            if inbox or (self._pages_left() and self._demand(index, is_last=is_last)):
                rounds[index] = Round(number, self.deepest, tuple(inbox), budget, tuple(sorted(seeds)), is_last)
                self.inboxes[index] = []
        return rounds

    def budgets(self, *, is_last: bool = False) -> list[Budget]:
        """The numbers that each shard may reach, counted since the day's beginning.

        Pages are divided by the urls that wait; each shard may admit all urls that are left, and gives up the last ones
        in the next round if all together hold too many.
        """
        fetched = [report.counts.fetched for report in self.reports]
        demands = [self._demand(index, is_last=is_last) for index in range(len(self.reports))]
        pages = fair_shares(self._pages_left(), demands)
        spare = (self._pages_left() - sum(pages)) // len(pages)
        urls = self._url_limits()
        sitemaps = [report.sitemaps for report in self.reports]
        new = max(0, MAX_SITEMAPS - sum(sitemaps))
        return [
            Budget(done + share + spare, most, found + new)
            for done, share, most, found in zip(fetched, pages, urls, sitemaps, strict=True)
        ]

    def _url_limits(self) -> list[int]:
        links = [sum(part.links for part in inbox) for inbox in self.inboxes]
        held = [report.counts.admitted + more for report, more in zip(self.reports, links, strict=True)]
        left = self.limits.urls - sum(held)
        if left >= 0:
            return [own + left for own in held]
        fixed = [report.counts.admitted - report.untaken for report in self.reports]
        room = fair_shares(
            max(0, self.limits.urls - sum(fixed)), [own - sure for own, sure in zip(held, fixed, strict=True)]
        )
        return [sure + more for sure, more in zip(fixed, room, strict=True)]

    def _pages_left(self) -> int:
        return max(0, self.limits.pages - sum(report.counts.fetched for report in self.reports))

    def _demand(self, index: int, *, is_last: bool) -> int:
        report = self.reports[index]
        waiting = sum(urls for depth, urls in report.waiting.items() if depth <= self.deepest)
        links = sum(part.links for part in self.inboxes[index])
        return waiting + links + (report.postponed if is_last else 0)

    def _deliver(self, report: Report) -> None:
        for part in report.outbox:
            self.inboxes[part.owner].append(part)


def fair_shares(total: int, demands: Sequence[int]) -> list[int]:
    """Divide a total: no one gets more than it demands, and small demands are met first."""
    shares, left = [0] * len(demands), total
    for rank, index in enumerate(sorted(range(len(demands)), key=demands.__getitem__)):
        shares[index] = min(demands[index], left // (len(demands) - rank))
        left -= shares[index]
    return shares
