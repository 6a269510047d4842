"""A document: the outcome of fetching one url or file, and its text when it had one.

Every url that the crawl ever admitted leaves a row, also those that failed: `status` says why, so that
no page vanishes without a reason. The text is content-addressed: the same text at the same url is the
same document on every night.
"""

from typing import ClassVar

from pydantic import BaseModel, Field

from schemas.record import Count, Name, Record, Text, Time, content_id


class Link(BaseModel):
    """One hyperlink out of a page, absolute and without its fragment."""

    url: Name = Field(description="absolute url that the link leads to")
    anchor: Name = Field(description="the words that the link stands on")


class Document(Record):
    """One fetch of one url (grain: one row a url a night; text only where status is ok)."""

    record: ClassVar[str] = "document"

    doc_id: Name = Field(description="content id of url and text")
    url: Name = Field(description="address fetched, after redirects, or file: url")
    source: Name = Field(description="name of the source that fetched it: web, folder")
    title: Name | None = Field(description="the page's title")
    text: Text | None = Field(description="the page as Markdown; null unless status is ok")
    links: list[Link] = Field(description="hyperlinks out of the page, in reading order")
    content_sha256: Name | None = Field(description="SHA-256 of the text's UTF-8 bytes")
    fetched_at: Time = Field(description="when the reply had been read, UTC")
    status: Name = Field(description="ok, not_modified, or the reason code of the failure")
    detail: Name | None = Field(description="what happened, in words, when status is not ok")
    http_status: Count | None = Field(description="the server's status code, when one came")
    etag: Name | None = Field(description="ETag of the reply, for the next re-crawl")
    last_modified: Name | None = Field(description="Last-Modified of the reply, for the next re-crawl")
    license: Name | None = Field(description="license that the page or the source's setting declares")
    lang: Name | None = Field(description="language tag that the page declares")
    n_chars: Count = Field(description="characters of text")
    warc_file: Name | None = Field(description="WARC file under the lake that keeps the raw reply, when kept")
    warc_offset: Count | None = Field(description="byte offset of the raw reply in warc_file")
    run_id: Name = Field(description="the nightly run that fetched it")


def doc_id(url: str, content_sha256: str | None) -> str:
    """The document's id: the same text at the same url is the same document."""
    return content_id("document", url, content_sha256)
