"""Parses RSS 0.9 to 2.0, Atom and JSON feeds into entries. Runs in worker processes: feeds are foreign input."""

import io
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from sources.text.character_references import joined_halves
from sources.urls import normalise

MAX_ENTRIES = 5_000


@dataclass(frozen=True)
class FeedEntry:
    """One entry."""

    url: str
    updated: str | None
    """time of the last change in ISO form, UTC; None if the feed states none"""
    title: str | None
    content: str | None
    """the full content as HTML; None if the feed holds a summary at most"""
    license: str | None = None


def parse_feed(body: bytes, url: str, content_type: str) -> list[FeedEntry] | None:
    """Return the entries in the order of the feed, each url once; None if the body is no feed."""
    items = _json_items(body) if body.lstrip()[:1] == b"{" else _xml_items(body, url, content_type)
    if items is None:
        return None
    entries = dict[str, FeedEntry]()
    for item in items[:MAX_ENTRIES]:
        target = normalise(item.url, within=url) if item.url else None
        if target and target not in entries:
            entries[target] = FeedEntry(target, item.updated, item.title, item.content, item.license)
    return list(entries.values())


def _xml_items(body: bytes, url: str, content_type: str) -> list[FeedEntry] | None:
    import feedparser  # used only in worker processes

    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    parsed = feedparser.parse(io.BytesIO(joined_halves(body)), response_headers=headers, sanitize_html=False)
    if not parsed.get("version") and not parsed.entries:
        return None
    of_feed = parsed.feed.get("license")
    return [_xml_item(entry, of_feed) for entry in parsed.entries]


def _xml_item(entry: Any, license_of_feed: str | None) -> FeedEntry:
    moment = entry.get("updated_parsed") or entry.get("published_parsed")
    updated = None
    if moment:
        try:
            updated = datetime.fromtimestamp(timegm(moment), UTC).isoformat()
        except (ValueError, TypeError, OverflowError, OSError):
            updated = None  # a date beyond the calendar
    contents = [one.get("value") for one in entry.get("content", []) if one.get("value")]
    identity = entry.get("id") or ""
    link = entry.get("link") or (identity if identity.startswith(("http://", "https://")) else "")
    return FeedEntry(
        link, updated, entry.get("title"), contents[0] if contents else None, entry.get("license") or license_of_feed
    )


def _json_items(body: bytes) -> list[FeedEntry] | None:
    try:
        feed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(feed, dict) or "jsonfeed.org" not in str(feed.get("version", "")):
        return None
    items = feed.get("items", [])
    return [_json_item(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _json_item(item: dict[str, Any]) -> FeedEntry:
    content = item.get("content_html")
    updated = item.get("date_modified") or item.get("date_published")
    identity = str(item.get("id", ""))
    link = item.get("url") or (identity if identity.startswith(("http://", "https://")) else "")
    title = item.get("title")
    return FeedEntry(
        str(link),
        str(updated) if updated else None,
        str(title) if title else None,
        content if isinstance(content, str) and content.strip() else None,
    )
