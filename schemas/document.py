"""A document is the outcome of fetching one url or file, with its text if it has one.

Every url that the crawl admitted leaves a row, failures too: `status` gives the reason, so that no page is lost
without one. The text is content-addressed: the same text at the same url is the same document on every night.
"""

from typing import ClassVar

from pydantic import BaseModel, Field

from schemas.record import Count, Name, Record, Text, Time, content_id


class Link(BaseModel):
    """A hyperlink of a page."""

    url: Name = Field(description="target of the link, absolute, without fragment")
    anchor: Name = Field(description="text of the link")


class Document(Record):
    """One fetch of one url (grain: one row per url and night; text only if status is ok)."""

    record: ClassVar[str] = "document"

    doc_id: Name = Field(description="content id of url and text")
    url: Name = Field(description="address of the page after redirects, or a file: url")
    source: Name = Field(description="source that fetched it: web, folder")
    title: Name | None = Field(description="title of the page; null if it has none")
    text: Text | None = Field(description="the page as Markdown; null unless status is ok")
    links: list[Link] = Field(description="hyperlinks of the page, in reading order")
    content_sha256: Name | None = Field(description="SHA-256 of the text's UTF-8 bytes, as hex; null without text")
    fetched_at: Time = Field(description="UTC time at which the response was complete")
    status: Name = Field(description="ok, not_modified, or the reason code of the failure")
    detail: Name | None = Field(description="explanation of the status in words; null if there is none")
    http_status: Count | None = Field(description="HTTP status code of the response; null without a response")
    etag: Name | None = Field(description="ETag header of the response, for the next crawl; null without one")
    last_modified: Name | None = Field(
        description="Last-Modified header of the response, for the next crawl; null without one"
    )
    license: Name | None = Field(description="license that the page or the source's settings declare; null if unknown")
    lang: Name | None = Field(description="language tag that the page declares; null without one")
    n_chars: Count = Field(description="number of characters of text; 0 without text")
    warc_file: Name | None = Field(
        description="path under the lake of the WARC file with the raw response; null if it was not stored"
    )
    warc_offset: Count | None = Field(
        description="byte offset of the raw response in warc_file; null if it was not stored"
    )
    run_id: Name = Field(description="night that fetched it, as in 2026-11-28 or 2026-11-28T1400")


def doc_id(url: str, content_sha256: str | None) -> str:
    """The id of a document, 32 hex digits; `content_sha256` is None for a page without text."""
    return content_id("document", url, content_sha256)
