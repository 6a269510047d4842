"""What is found in a page, and the document row that it becomes.

The row of a url that gave nothing has the same columns as one that gave a page, so both are made here.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from schemas.document import Document, Link, doc_id
from schemas.record import sha256_text
from sources.privacy.redaction import count_kinds, redact
from sources.status_codes import Status


@dataclass(frozen=True)
class Found:
    """What extraction found in a page."""

    status: str
    """ok, or why there is no text"""
    detail: str | None = None
    title: str | None = None
    text: str = ""
    links: tuple[tuple[str, str], ...] = ()
    """(absolute url, anchor words), in reading order"""
    lang: str | None = None
    license: str | None = None


def without_secrets(found: Found) -> Found:
    """The same with placeholders for secrets and personal data in its words; `detail` says how many its text has."""
    text, counts = redact(found.text)
    if counts:
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        found = replace(found, text=text, detail="; ".join(filter(None, (found.detail, f"redacted: {said}"))))
    counted = count_kinds([anchor for _, anchor in found.links])
    links = (
        (url, redact(words)[0] if kinds else words) for (url, words), kinds in zip(found.links, counted, strict=True)
    )
    return replace(found, title=redact(found.title)[0] if found.title else found.title, links=tuple(links))


def document(url: str, run_id: str, found: Found, **more: Any) -> Document:
    """The row of a url whose page was read; `more` fills columns of the reply, such as etag."""
    if found.status != Status.OK:
        return bare(url, run_id, found.status, detail=found.detail, title=found.title, **more)
    sha256 = sha256_text(found.text)
    columns = {
        "doc_id": doc_id(url, sha256),
        "title": found.title,
        "text": found.text,
        "links": [Link(url=target, anchor=anchor) for target, anchor in found.links],
        "content_sha256": sha256,
        "n_chars": len(found.text),
        "lang": found.lang,
        "detail": found.detail,
    }
    if found.license:
        columns["license"] = found.license
    return bare(url, run_id, Status.OK, **(more | columns))


def bare(url: str, run_id: str, status: str, **more: Any) -> Document:
    """The row of a url that gave no text; `more` fills further columns."""
    columns: dict[str, Any] = dict.fromkeys(Document.model_fields)
    columns |= {"doc_id": doc_id(url, None), "url": url, "source": "web", "links": [], "n_chars": 0}
    columns |= {"status": str(status), "run_id": run_id, "fetched_at": datetime.now(UTC)}
    return Document(**(columns | more))
