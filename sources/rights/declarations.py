"""All that applies to one page for this crawler: its markup, its headers, robots.txt and tdmrep.json, as columns.

`refusal` decides whether the page's text may be kept, by the settings' `crawl.obey_directives`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sources.rights.directives import Directives, from_header, from_meta
from sources.rights.page_markup import PageMarkup
from sources.rights.tdm import NO_RULES, Reservation, TdmFile
from sources.rights.usage_preferences import (
    NO_PREFERENCES,
    Preferences,
    RobotsPreferences,
    as_signal,
    combined,
    from_headers,
)
from sources.status_codes import Status

Directive = Literal[
    "noindex", "nofollow", "noai", "noml", "tdm-reservation", "ai-train", "ai-input", "search", "unavailable_after"
]
EVERY_DIRECTIVE: tuple[Directive, ...] = get_args(Directive)
MAX_HEADER_CHARS = 500
HEADERS = ("x-robots-tag", "content-signal", "content-usage", "tdm-reservation", "tdm-policy")
"""Headers of a response that state what may be done with the page."""
REFUSED = frozenset(
    {Status.NOINDEX, Status.NOAI, Status.NOML, Status.TDM_RESERVED, Status.CONTENT_SIGNAL, Status.UNAVAILABLE_AFTER}
)
"""Statuses of pages whose text a directive forbids to keep."""


@dataclass(frozen=True)
class SiteRights:
    """Statements of a site on all its pages, and the product token by which it names this crawler."""

    agent: str
    preferences: RobotsPreferences = NO_PREFERENCES
    reservations: TdmFile = NO_RULES

    def narrowed_to(self, url: str) -> "SiteRights":
        """The statements that apply to a url: a site may have ten thousand, which would be sent with every page."""
        return SiteRights(self.agent, self.preferences.narrowed_to(url), self.reservations.narrowed_to(url))


EVERY_AGENT = SiteRights("")
"""For pages that no request was made for, such as files: what is stated to every crawler."""


@dataclass(frozen=True)
class Declarations:
    """The declarations that apply to one page."""

    directives: Directives
    preferences: Preferences
    reservation: Reservation
    x_robots_tag: str | None

    def refusal(self, obeyed: Collection[str]) -> tuple[Status, str] | None:
        """Return (status, detail) if a directive of `obeyed` forbids to keep the page's text, else None."""
        for name, status in (("noindex", Status.NOINDEX), ("noai", Status.NOAI), ("noml", Status.NOML)):
            if name in obeyed and name in self.directives.names:
                return status, f"the page is marked {name}; crawl.obey_directives decides"
        if "tdm-reservation" in obeyed and self.reservation.reserved:
            policy = f", with the policy {self.reservation.policy}" if self.reservation.policy else ""
            return Status.TDM_RESERVED, f"text and data mining is reserved (tdm-reservation: 1){policy}"
        refused = [use for use, permitted in sorted(self.preferences.items()) if use in obeyed and not permitted]
        if refused:
            return Status.CONTENT_SIGNAL, f"the site states {', '.join(f'{use}=no' for use in refused)}"
        until = self.directives.unavailable_after
        if "unavailable_after" in obeyed and until and until <= datetime.now(UTC):
            return Status.UNAVAILABLE_AFTER, f"the page is not to be shown after {until:%Y-%m-%d %H:%M} UTC"
        return None

    def columns(self, obeyed: Collection[str]) -> dict[str, Any]:
        """The columns of the document."""
        flags = {name: name in self.directives.names for name in ("noindex", "nofollow", "noai", "noimageai", "noml")}
        return flags | {
            "unavailable_after": self.directives.unavailable_after if "unavailable_after" in obeyed else None,
            "tdm_reservation": self.reservation.reserved,
            "tdm_policy": self.reservation.policy,
            "content_signal": as_signal(self.preferences),
            "x_robots_tag": self.x_robots_tag,
        }


def declared(url: str, markup: PageMarkup, headers: Mapping[str, str], site: SiteRights) -> Declarations:
    """Join the declarations for the page at `url`; `headers` have lower-case names, repeated ones one a line."""
    tag = headers.get("x-robots-tag", "")
    http_equiv = [content for name, content in markup.metas if name == "x-robots-tag"]
    directives = from_meta(markup.metas, site.agent) | from_header([*tag.splitlines(), *http_equiv], site.agent)
    stated = from_headers(headers.get("content-signal", ""), headers.get("content-usage", ""))
    reservation = site.reservations.of(url).replaced_by(headers).replaced_by(dict(markup.metas))
    return Declarations(
        directives,
        combined((site.preferences.of(url), stated)),
        reservation,
        " | ".join(tag.splitlines())[:MAX_HEADER_CHARS] or None,
    )
