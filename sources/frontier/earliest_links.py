"""The earliest link to each url that a run has admitted, so that a link that changes nothing costs no statement.

Every page of a site repeats its menus: of a hundred links a few lead to a new url, and the frontier keeps the first
link to each. The file decides; what is kept here only spares it the links that it would pass over.
"""

from collections.abc import Iterable
from datetime import date

from sources.frontier.records import Admission

MAX_URLS = 100_000
"""Urls that are kept, about 25 MB; then all are forgotten, and their next links reach the file again."""

Place = tuple[int, int, int]


class EarliestLinks:
    """Url → depth, parent and place of the earliest link to it that was committed on one day."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._places: dict[str, Place] = {}

    def earlier(self, day: date, links: Iterable[Admission]) -> list[Admission]:
        """Return the links that may add a url to the day, or move one forward."""
        if day != self._day:
            self._day, self._places = day, {}
        return [link for link in links if (known := self._places.get(link.url)) is None or _place(link) < known]

    def committed(self, links: Iterable[Admission]) -> None:
        """Keep links that are in the file: those that `earlier` returned last, once their transaction has ended."""
        if len(self._places) > MAX_URLS:
            self._places.clear()
        for link in links:
            place = _place(link)
            self._places[link.url] = min(place, self._places.get(link.url, place))


def _place(link: Admission) -> Place:
    return link.depth, link.parent, link.place
