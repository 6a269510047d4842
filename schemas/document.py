"""A document is the outcome of fetching one url or file, with its text if it has one; a fact is what the text states.

Every url that the crawl admitted leaves a row, failures too: `status` gives the reason, so that no page is lost
without one. The text is content-addressed: the same text at the same url is the same document on every night.
"""

from typing import ClassVar

from pydantic import BaseModel, Field

from schemas.record import Count, Flag, Hashes, Name, Names, Real, Record, Text, Time, content_id


class Link(BaseModel):
    """A hyperlink of a page."""

    url: Name = Field(description="target of the link, absolute, without fragment")
    anchor: Name = Field(description="text of the link")


class Document(Record):
    """One fetch of one url (grain: one row per url and night, two if robots.txt was read later; text only if ok)."""

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
    license: Name | None = Field(
        description="license that the page, else the settings declare, as an SPDX id where it has one; null if unknown"
    )
    lang: Name | None = Field(
        description="BCP 47 tag: the language that the page declares, unless its script disproves that, else the one "
        "that its text is identified as; null if neither is sure"
    )
    n_chars: Count = Field(description="number of characters of text; 0 without text")
    warc_file: Name | None = Field(
        description="path under the lake of the WARC file with the raw response; null if it was not stored"
    )
    warc_offset: Count | None = Field(
        description="byte offset of the raw response in warc_file; null if it was not stored"
    )
    run_id: Name = Field(description="night that fetched it, as in 2026-11-28 or 2026-11-28T1400")
    noindex: Flag | None = Field(default=None, description="true if marked noindex (meta or header); null if not read")
    nofollow: Flag | None = Field(default=None, description="true if marked nofollow as a whole; null if not read")
    noai: Flag | None = Field(default=None, description="true if marked noai; null if not read")
    noimageai: Flag | None = Field(default=None, description="true if marked noimageai; null if not read")
    noml: Flag | None = Field(default=None, description="true if marked noml; null if not read")
    unavailable_after: Time | None = Field(
        default=None, description="UTC time after which it is not to be shown; null without one, or if not obeyed"
    )
    tdm_reservation: Flag | None = Field(
        default=None, description="true if mining is reserved, false if it is not (TDMRep); null if nothing is stated"
    )
    tdm_policy: Name | None = Field(default=None, description="address of the policy for mining it; null without one")
    content_signal: Name | None = Field(
        default=None,
        description="preferences of Content-Signal and Content-Usage, as in ai-train=no, search=yes; null without any",
    )
    x_robots_tag: Name | None = Field(default=None, description="X-Robots-Tag header, as sent; null without one")
    nofollow_links: Names | None = Field(
        default=None,
        description="targets of links that were not followed: rel nofollow, ugc, sponsored, or a page marked nofollow",
    )
    canonical_url: Name | None = Field(
        default=None, description="address that the page names as canonical (rel=canonical); null without one"
    )
    redirect_url: Name | None = Field(
        default=None, description="address that the url redirects to; null without a redirect"
    )
    license_url: Name | None = Field(default=None, description="address of the license, as linked; null without one")
    attribution: Name | None = Field(
        default=None, description="author, rights holder or site to be named with it; null if the page names none"
    )
    page_key: Name | None = Field(
        default=None,
        description="hash of the text, equal for one page at several addresses; null without text",
    )
    sketch: Hashes | None = Field(
        default=None, description="smallest hashes of its runs of 3 words, to compare pages; null without text"
    )


class Fact(Record):
    """A fact that rules read in the text of a document (grain: one row per document and fact; a text is read once)."""

    record: ClassVar[str] = "fact"

    doc_id: Name = Field(description="document that states it")
    kind: Name = Field(
        description="page (one per document read), alias (a name that its title gives it), section, item (of a list), "
        "cell (of a table), pair (label and value), number, date, name; refused: what was left out, by reason"
    )
    section: Name | None = Field(description="heading above it; null before the first")
    block: Count | None = Field(description="number of the list or table on the page, from 1; null for other kinds")
    row: Count | None = Field(description="row of the table below its header, from 1; null for other kinds")
    position: Count = Field(
        description="from 1: column of a cell, place of an item in its list, else place among the facts of its kind"
    )
    label: Name | None = Field(
        description="header of the column, label of the pair, words of the item's link, or words before the number"
    )
    text: Text = Field(description="the fact as written on the page, without markup, at most 400 characters")
    value: Real | None = Field(
        description="the number, the year of a date, the level of a section, the depth of a list item, "
        "the words of a page, the number of refused; null for text"
    )
    unit: Name | None = Field(description="unit of the value, as written; null without one")
    link: Name | None = Field(description="target of its first hyperlink; null without one")
    run_id: Name = Field(description="night that read it, as in 2026-11-28 or 2026-11-28T1400")


def doc_id(url: str, content_sha256: str | None) -> str:
    """The id of a document, 32 hex digits; `content_sha256` is None for a page without text."""
    return content_id("document", url, content_sha256)
