"""Builds document rows from extracted pages, and redacts secrets and personal data in a page before that.

A url without text has the same columns as one with text, so both kinds of row are built here.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from schemas.document import Document, Link, doc_id
from schemas.record import sha256_text
from sources.privacy.redaction import count_kinds, redact
from sources.status_codes import Status


@dataclass(frozen=True)
class ExtractedPage:
    """The output of extraction: title, Markdown text, links, or the reason why there is no text."""

    status: str
    """ok, or the reason code"""
    detail: str | None = None
    title: str | None = None
    text: str = ""
    links: tuple[tuple[str, str], ...] = ()
    """(absolute url, anchor text), in reading order"""
    lang: str | None = None
    license: str | None = None


def redacted_page(page: ExtractedPage) -> ExtractedPage:
    """Replace secrets and personal data in text, title and anchors; `detail` counts the placeholders in the text."""
    text, counts = redact(page.text)
    if counts:
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        page = replace(page, text=text, detail="; ".join(filter(None, (page.detail, f"redacted: {listed}"))))
    kinds_by_anchor = count_kinds([anchor for _, anchor in page.links])
    links = (
        (url, redact(anchor)[0] if kinds else anchor)
        for (url, anchor), kinds in zip(page.links, kinds_by_anchor, strict=True)
    )
    return replace(page, title=redact(page.title)[0] if page.title else page.title, links=tuple(links))


def build_document(url: str, run_id: str, page: ExtractedPage, *, source: str, **more: Any) -> Document:
    """Build the row of an extracted page. `more` fills columns of the response, such as etag."""
    if page.status != Status.OK:
        return empty_document(url, run_id, page.status, source=source, detail=page.detail, title=page.title, **more)
    sha256 = sha256_text(page.text)
    columns = {
        "doc_id": doc_id(url, sha256),
        "title": page.title,
        "text": page.text,
        "links": [Link(url=target, anchor=anchor) for target, anchor in page.links],
        "content_sha256": sha256,
        "n_chars": len(page.text),
        "lang": page.lang,
        "detail": page.detail,
    }
    if page.license:
        columns["license"] = page.license
    return empty_document(url, run_id, Status.OK, source=source, **(more | columns))


def empty_document(url: str, run_id: str, status: str, *, source: str, **more: Any) -> Document:
    """Build the row of a url without text: only identity, source, status and time. `more` fills further columns."""
    columns: dict[str, Any] = dict.fromkeys(Document.model_fields)
    columns |= {"doc_id": doc_id(url, None), "url": url, "source": source, "links": [], "n_chars": 0}
    columns |= {"status": str(status), "run_id": run_id, "fetched_at": datetime.now(UTC)}
    return Document(**(columns | more))
