"""The outcome of a crawl in words: pages by what became of them, or the reasons why there is no page at all."""

from collections.abc import Mapping

from sources.status_codes import Status

CHANGES = ("new", "changed", "unchanged", "gone")
NEUTRAL = {"urls", "pages", "frontier", "not_requested", *CHANGES, Status.SITEMAP, Status.REDIRECTED, Status.COLLECTION}
"""Counts that give no reason for a missing page."""


class NothingCrawled(Exception):
    """A crawl ended without a single page. The message counts the reasons."""


def refuse_empty(counts: Mapping[str, int | str]) -> None:
    """Raise NothingCrawled if the day's crawl has urls, and none of them is a page."""
    if counts["urls"] and not counts["pages"]:
        reasons = {status: count for status, count in counts.items() if count and status not in NEUTRAL}
        listed = ", ".join(f"{count} {status}" for status, count in reasons.items()) or "none of them leads to a page"
        raise NothingCrawled(
            f"the crawl of {counts['urls']} urls gave no page: {listed}. The reason of each: "
            'factory sql "select url, status, detail from documents"'
        )


def crawl_line(counts: Mapping[str, int | str]) -> str:
    """Return a sentence about the pages of a crawl by what became of them since the nights before."""
    listed = ", ".join(f"{counts.get(change, 0)} {change}" for change in CHANGES)
    spared = (
        f", {counts['not_requested']} of them not requested by their sitemaps' dates" if counts["not_requested"] else ""
    )
    return f"crawled: {counts['pages']} pages ({listed}{spared})"
