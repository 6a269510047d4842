"""Which urls of a host are in progress, and which of the next level may begin before all of this one have ended.

A url's place in the order comes from the pages that link to it. So a url of the next level may be fetched once every
page that can still add a url before it has ended: the links of the first pages of a level are fetched while a large
page further on is in a worker. The order, and with it the pages of a crawl, is that of complete levels.
"""

from collections.abc import Iterable

from sources.frontier.records import InProgress, Visit


class HostLevels:
    """The urls of a host that are queued or in flight: those of the level, and those of the next that began early."""

    def __init__(self) -> None:
        self.level: dict[str, Visit] = {}
        self.early: dict[str, Visit] = {}
        self._early_positions: list[int] = []
        """positions of all urls of the next level that began early, ended ones too"""
        self._early_depth: int | None = None
        self._in_worker: set[str] = set()
        self._tried: int | None = None

    @property
    def n_early(self) -> int:
        """Urls of the next level that have begun, ended ones too."""
        return len(self._early_positions)

    def begin(self, visits: Iterable[Visit], *, early: bool = False) -> None:
        """Note urls that are queued."""
        begun = {visit.url: visit for visit in visits}
        if early:
            self.early |= begun
            for visit in begun.values():
                self._early_positions.append(visit.position)
                self._early_depth = visit.depth
        else:
            self.level |= begun

    def in_worker(self, visit: Visit) -> None:
        """Note that a url's response is a page: what it adds from now on are links.

        A start url is not noted, since its end may widen the scope in which links are followed.
        """
        if visit.depth > 0:
            self._in_worker.add(visit.url)

    def end(self, visit: Visit) -> None:
        """Note that a url has ended."""
        for urls in (self.level, self.early):
            urls.pop(visit.url, None)
        self._in_worker.discard(visit.url)

    def next_level(self) -> InProgress:
        """Go on to the next level after the end of this one; return what of it has begun."""
        begun = InProgress(tuple(self.early), tuple(self._early_positions), self._early_depth)
        self.level, self.early = self.early, {}
        self._early_positions, self._early_depth, self._tried = [], None, None
        return begun

    def next_early(self) -> InProgress | None:
        """Return what urls of the next level have to look like to begin now; None if no further ones can."""
        if not self.level.keys() <= self._in_worker:
            return None
        before = min(visit.position for visit in self.level.values())
        if before == self._tried:
            return None
        self._tried = before
        depth = max(visit.depth for visit in self.level.values())
        urls = (*self.level, *self.early)
        return InProgress(urls, tuple(self._early_positions), self._early_depth, depth, before)
