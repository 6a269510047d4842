"""Declarations of a page about itself, as written: directives, canonical address, license, author."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PageMarkup:
    """The declarations of a page, as written."""

    metas: tuple[tuple[str, str], ...] = ()
    """(name in lower case, content) of meta elements"""
    canonical: str | None = None
    """normalised target of rel=canonical"""
    nofollow_links: frozenset[str] = frozenset()
    """hrefs, as written, that only links with a `rel` of nofollow, ugc or sponsored have"""
    licenses: tuple[str, ...] = ()
    """SPDX ids, else names or addresses as written"""
    license_url: str | None = None
    attribution: str | None = None
    """author, rights holder or site, whichever is named first in this order"""


NOTHING_DECLARED = PageMarkup()
