"""The links of a page: which url each leads to, and its words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from sources.url_forms import link_target

MAX_LINKS = 2_000
"""Maximum links per page."""
MAX_RESOLVED = 30_000
"""Links after the first MAX_LINKS that stay links in the text of a page."""
MAX_ANCHOR_CHARS = 200


@dataclass
class Links:
    """The first MAX_LINKS links of a page, and the number of the others."""

    targets: dict[str, str | None] = field(default_factory=dict)
    """href as written → absolute url; None if it is not a url or leads to the page itself"""
    anchors: dict[str, str] = field(default_factory=dict)
    """absolute url → text of its first link that has any"""
    dropped: int = 0
    n_resolved: int = 0
    """dropped links that were resolved all the same"""

    @classmethod
    def of(cls, anchors: Iterable[tuple[str, str]], within: str, url: str) -> Self:
        """Collect (href, text) pairs of the page at `url`; relative links are resolved against `within`."""
        links, more, places = cls(), set[str](), dict[str, str | None]()
        for href, words in anchors:
            if href not in links.targets and len(links.anchors) >= MAX_LINKS:
                more.add(href)
                continue
            if href not in links.targets:
                place = href.partition("#")[0]
                if place not in places:
                    places[place] = link_target(place, within) if place or within != url else url
                target = places[place]
                links.targets[href] = None if target == url else target
            if target := links.targets[href]:
                links.anchors[target] = links.anchors.get(target) or " ".join(words.split())[:MAX_ANCHOR_CHARS]
        links.dropped = len(more)
        return links

    def resolve(self, href: str, within: str) -> str | None:
        """The url of a link in the text; also for dropped links, as far as MAX_RESOLVED."""
        if href in self.targets:
            return self.targets[href]
        self.n_resolved += 1
        return link_target(href, within) if self.n_resolved <= MAX_RESOLVED else None

    @property
    def dropped_detail(self) -> str | None:
        return f"{self.dropped} links after the first {MAX_LINKS} were dropped" if self.dropped else None

    def only_in(self, hrefs: frozenset[str]) -> tuple[str, ...]:
        """Return the absolute urls to which no href but these leads."""
        others = {target for href, target in self.targets.items() if href not in hrefs}
        marked = dict.fromkeys(target for href, target in self.targets.items() if href in hrefs)
        return tuple(target for target in marked if target and target not in others)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return (absolute url, text), in reading order."""
        return tuple(self.anchors.items())
