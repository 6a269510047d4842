"""Decides that a page did not change: by its text, or by the date in its sitemap, without a request."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.record import sha256_text
from sources.frontier.records import KnownPage
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage

MAX_SPARED = timedelta(days=30)
"""An unchanged page is requested again after this time: sites forget to update their sitemaps."""


def has_same_text(page: ExtractedPage, known: KnownPage) -> bool:
    """True if text, title and license of a page are those of its newest fetch."""
    is_same = page.status == Status.OK and sha256_text(page.text) == known.content_sha256
    return is_same and (page.title, page.license) == (known.title, known.license)


def known_columns(known: KnownPage) -> dict[str, Any]:
    """Return the columns that the row of an unchanged page takes from its newest fetch."""
    return {
        "doc_id": known.doc_id,
        "content_sha256": known.content_sha256,
        "title": known.title,
        "license": known.license,
        "etag": known.etag,
        "last_modified": known.last_modified,
        "warc_file": known.warc_file,
        "warc_offset": known.warc_offset,
    }


def sparing_detail(known: KnownPage | None, modified: datetime | None) -> str | None:
    """Return why a page needs no request: it was read after `modified`, its latest change by a sitemap; else None."""
    if known is None or known.checked_at is None or modified is None or modified >= known.checked_at:
        return None
    if datetime.now(UTC) - known.checked_at > MAX_SPARED:
        return None
    return f"not requested: its sitemap gives {modified:%Y-%m-%dT%H:%MZ} as the latest time of a change"
