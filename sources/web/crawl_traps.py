"""Bounds endless spaces of urls, such as calendars and sorted lists: pages of one url pattern whose texts are alike.

A pattern is the url with its numbers and the values of its parameters left out. Pages are compared in the order of the
crawl, a level at a time, so that every crawl of a site skips the same urls.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from urllib.parse import urlsplit

from schemas.document import Document
from sources.text.page_identity import shared
from sources.url_forms import url_pattern

ALIKE = 0.5
"""Share of runs of words in common from which two pages are alike."""
MAX_SEGMENTS = 25
MAX_REPEATS = 3
"""Times that one segment may be in a path: relative links in a circle repeat it ever more often."""


class CrawlTraps:
    """The url patterns of one night, and how many of their pages were alike."""

    def __init__(self, max_alike: int) -> None:
        self._max_alike = max_alike
        self._alike, self._different = Counter[str](), Counter[str]()
        self._last: dict[str, Sequence[int]] = {}
        self._ended: dict[str, list[tuple[int, str, Sequence[int]]]] = defaultdict(list)
        self._early: dict[str, list[tuple[int, str, Sequence[int]]]] = defaultdict(list)

    def add(self, origin: str, position: int, page: Document, *, early: bool = False) -> None:
        """Note a fetched page; it counts from the next level on. `early`: it is of the next level itself."""
        if page.sketch:
            pages = self._early if early else self._ended
            pages[origin].append((position, url_pattern(page.url), page.sketch))

    def end_level(self, origin: str) -> None:
        """Compare the pages noted since the level before, each with the one before it of its pattern."""
        for _, pattern, found in sorted(self._ended.pop(origin, [])):
            alike = shared(found, self._last.get(pattern, ())) >= ALIKE
            self._alike[pattern] = max(0, self._alike[pattern] + (1 if alike else -1))
            self._different[pattern] += not alike
            self._last[pattern] = found
        if early := self._early.pop(origin, None):
            self._ended[origin] = early

    def refusal(self, url: str) -> str | None:
        """Return the reason why the url is not fetched, or None."""
        segments = [segment for segment in urlsplit(url).path.split("/") if segment]
        repeats = max(Counter(segments).values(), default=0)
        if len(segments) > MAX_SEGMENTS or repeats > MAX_REPEATS:
            return f"its path has {len(segments)} segments, one of them {repeats} times"
        pattern = url_pattern(url)
        alike = self._alike[pattern] if _is_endless(pattern) else 0
        if alike < self._max_alike:
            return None
        return f"{alike} pages of the pattern {pattern} are alike; crawl.max_alike = {self._max_alike}"

    def n_never_compared(self, urls: Iterable[str]) -> int:
        """Return how many of the urls, in their order, come before the first that depends on the pages of a level."""
        return sum(1 for _ in takewhile(lambda url: not _is_endless(url_pattern(url)), urls))

    def before_comparison(self, urls: Sequence[str]) -> int:
        """Return how many of the urls, in their order, may be fetched before pages are compared again; at least one.

        A level can hold a whole calendar. Of a pattern whose pages differed so far, ever more are fetched at once.
        """
        counts = Counter[str]()
        for place, pattern in enumerate(map(url_pattern, urls)):
            counts[pattern] += _is_endless(pattern)
            room = max(1, self._max_alike - self._alike[pattern]) + self._different[pattern]
            if counts[pattern] > room:
                return place
        return len(urls)


def _is_endless(pattern: str) -> bool:
    """True if numbers or parameters make the urls of a pattern as many as the server likes."""
    return "#" in pattern or "?" in pattern
