"""Addresses of a wiki's pages: from titles, namespaces and the address pattern that the wiki itself announces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from sources.urls import normalise

FILE, CATEGORY = 6, 14
"""Numbers of the namespaces whose links are images and categories."""


@dataclass(frozen=True)
class WikiAddresses:
    """Makes the urls of one wiki's pages."""

    pattern: str
    """url of a page, with $1 for its title"""
    namespaces: Mapping[str, int] = field(default_factory=dict)
    """name in lower case → number, local and English names"""
    first_letter: bool = True
    """the wiki writes the first letter of a title as a capital"""

    @classmethod
    def around(cls, main_page: str, names: Mapping[str, int], *, first_letter: bool) -> "WikiAddresses":
        """Build the addresses of a dump, which names only the url of its main page."""
        return cls(main_page.rpartition("/")[0] + "/$1", names, first_letter)

    def of(self, title: str) -> str | None:
        """Return the url of a page; None if the title gives none."""
        name = title.split("#", 1)[0].strip(" _:").replace(" ", "_")
        if not name:
            return None
        return normalise(self.pattern.replace("$1", quote(self._capital(name), safe="/:;@!$*(),'~")))

    def namespace(self, title: str) -> int:
        """Return the number of a title's namespace; 0 for an article."""
        head, colon, _ = title.partition(":")
        return self.namespaces.get(head.strip().replace("_", " ").lower(), 0) if colon else 0

    def _capital(self, name: str) -> str:
        head, colon, rest = name.partition(":")
        if colon and head.replace("_", " ").lower() in self.namespaces:
            rest = rest.lstrip("_")
            return f"{head[:1].upper()}{head[1:]}:{self._first(rest)}"
        return self._first(name)

    def _first(self, name: str) -> str:
        return name[:1].upper() + name[1:] if self.first_letter else name


def host_name(url: str) -> str:
    """Return the host of an address, for messages."""
    return urlsplit(url).hostname or url
