"""Lists the pages of a wiki with their newest revisions: all of them, or those that changed since a moment."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sources.mediawiki.api import WikiApi

BATCH = 50
"""Titles or page ids of one request; more need an account with special rights."""
MAX_QUERY_CHARS = 1_500
"""Characters of the titles of one request."""


@dataclass(frozen=True)
class ListedPage:
    """One page of a wiki, as its lists show it."""

    title: str
    page_id: int
    revision: int
    """0 for a page that was deleted"""
    is_redirect: bool = False
    target: str | None = None
    """title that a redirect leads to"""

    @property
    def is_gone(self) -> bool:
        """True for a page that does not exist any more."""
        return self.revision == 0


async def all_pages(api: WikiApi, namespaces: Sequence[int]) -> AsyncIterator[ListedPage]:
    """Yield every page of the namespaces, 500 a request. Raises Refused."""
    for namespace in namespaces:
        listed = {"generator": "allpages", "gapnamespace": str(namespace), "gaplimit": "max", "prop": "info"}
        async for query in api.query(listed):
            pages = sorted((_listed(page) for page in query.get("pages", ())), key=lambda page: page.title)
            for page in await _with_targets(api, pages):
                yield page


async def changed_pages(api: WikiApi, namespaces: Sequence[int], since: str) -> AsyncIterator[ListedPage]:
    """Yield the pages that were edited, made, moved, deleted or restored since a UTC time. Raises Refused.

    Moves, deletions and restorations are entries of the wiki's logs, which its recent changes include.
    """
    touched: dict[str, None] = {}
    listed = {
        "list": "recentchanges", "rcnamespace": "|".join(map(str, namespaces)), "rcdir": "older", "rcend": since,
        "rctype": "edit|new|log", "rcprop": "title|ids|timestamp|loginfo", "rclimit": "max",
    }  # fmt: skip
    async for query in api.query(listed):
        for change in query.get("recentchanges", ()):
            named = (change.get("title"), (change.get("logparams") or {}).get("target_title"))
            touched |= dict.fromkeys(title for title in named if title)
    for titles in _batches(sorted(touched)):
        async for query in api.query({"prop": "info", "titles": "|".join(titles)}):
            pages = [_listed(page) for page in query.get("pages", ()) if page.get("ns") in namespaces]
            for page in await _with_targets(api, sorted(pages, key=lambda page: page.title)):
                yield page


async def newest_change(api: WikiApi) -> tuple[str, int] | None:
    """Return (UTC time, number) of the newest change; None if the wiki lists none. Raises Refused."""
    listed = {"list": "recentchanges", "rcprop": "ids|timestamp", "rctype": "edit|new|log", "rclimit": "1"}
    answer = await api.get({"action": "query", **listed})
    changes = (answer.get("query") or {}).get("recentchanges") or ()
    return (str(changes[0]["timestamp"]), int(changes[0]["rcid"])) if changes else None


async def _with_targets(api: WikiApi, pages: Iterable[ListedPage]) -> list[ListedPage]:
    """Add the targets of the redirects among the pages."""
    listed = list(pages)
    targets: dict[str, str] = {}
    for titles in _batches([page.title for page in listed if page.is_redirect]):
        async for query in api.query({"titles": "|".join(titles), "redirects": "1"}):
            targets |= {str(hop["from"]): str(hop["to"]) for hop in query.get("redirects", ())}
    return [
        ListedPage(page.title, page.page_id, page.revision, page.is_redirect, targets.get(page.title))
        if page.is_redirect else page
        for page in listed
    ]  # fmt: skip


def _batches(titles: Iterable[str]) -> list[list[str]]:
    batches: list[list[str]] = [[]]
    n_chars = 0
    for title in titles:
        size = len(quote(title)) + 3
        if batches[-1] and (len(batches[-1]) >= BATCH or n_chars + size > MAX_QUERY_CHARS):
            batches.append([])
            n_chars = 0
        batches[-1].append(title)
        n_chars += size
    return [batch for batch in batches if batch]


def _listed(page: dict[str, Any]) -> ListedPage:
    gone = bool(page.get("missing") or page.get("invalid"))
    return ListedPage(
        str(page.get("title", "")), int(page.get("pageid", 0)), 0 if gone else int(page.get("lastrevid", 0)),
        bool(page.get("redirect")),
    )  # fmt: skip
