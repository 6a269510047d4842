"""Builds document rows from extracted pages, and redacts secrets and personal data in a page before that.

A url without text has the same columns as one with text, so both kinds of row are built here.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from schemas.document import Document, Link, doc_id
from schemas.record import sha256_text
from sources.privacy.redaction import count_kinds, redact
from sources.rights.page_markup import NOTHING_DECLARED, PageMarkup
from sources.status_codes import Status
from sources.text.page_identity import page_key, sketch


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
    """SPDX id or expression, else a name or an address"""
    nofollow_links: tuple[str, ...] = ()
    """targets that only links marked nofollow, ugc or sponsored lead to"""
    markup: PageMarkup = NOTHING_DECLARED
    """what the page declares about itself"""


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
    author = page.markup.attribution
    markup = replace(page.markup, attribution=redact(author)[0]) if author else page.markup
    title = redact(page.title)[0] if page.title else page.title
    return replace(page, title=title, links=tuple(links), markup=markup)


def build_document(url: str, run_id: str, page: ExtractedPage, *, source: str, **more: Any) -> Document:
    """Build the row of an extracted page. `more` fills columns of the response, such as etag.

    A page without text, also one that a directive forbids to keep, has its title, links and declarations.
    """
    columns = {
        "title": page.title,
        "links": [Link(url=target, anchor=anchor) for target, anchor in page.links],
        "nofollow_links": list(page.nofollow_links) or None,
        "lang": page.lang,
        "detail": page.detail,
        "canonical_url": page.markup.canonical,
        "license_url": page.markup.license_url,
        "attribution": page.markup.attribution,
    }
    if page.license:
        columns["license"] = page.license
    if page.status == Status.OK:
        columns |= _text_columns(url, page.text)
    return empty_document(url, run_id, page.status, source=source, **(more | columns))


def _text_columns(url: str, text: str) -> dict[str, Any]:
    sha256 = sha256_text(text)
    return {
        "doc_id": doc_id(url, sha256),
        "text": text,
        "content_sha256": sha256,
        "n_chars": len(text),
        "page_key": page_key(text, url),
        "sketch": sketch(text),
    }


def empty_document(url: str, run_id: str, status: str, *, source: str, **more: Any) -> Document:
    """Build the row of a url without text: only identity, source, status and time. `more` fills further columns."""
    columns: dict[str, Any] = dict.fromkeys(Document.model_fields)
    columns |= {"doc_id": doc_id(url, None), "url": url, "source": source, "links": [], "n_chars": 0}
    columns |= {"status": str(status), "run_id": run_id, "fetched_at": datetime.now(UTC)}
    return Document(**(columns | more))
