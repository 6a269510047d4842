"""All that a page's row and its raw response need of its bytes, in one call, so that it runs in a worker process.

The process of the crawl then only requests pages, appends finished records and commits finished rows: whatever it did
per page would be done on one core, while the workers wait.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from schemas.document import Document
from sources.archive.raw_capture import Prepared, prepare
from sources.frontier.records import KnownPage
from sources.http.fetch import FetchResult
from sources.rights.declarations import REFUSED, Declarations, Directive, declared
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage, build_document, redacted_page
from sources.text.extract import Layout
from sources.text.extraction_pool import extract_in_time
from sources.text.permitted_page import permitted_page
from sources.web.refresh import frame_urls
from sources.web.site import Site
from sources.web.unchanged import has_same_text


@dataclass(frozen=True)
class PageRules:
    """The settings of a crawl that apply to each of its pages."""

    run_id: str
    source: str
    layout: Layout
    redact: bool
    license: str | None
    obey_directives: tuple[Directive, ...]
    keep_raw: bool


@dataclass(frozen=True)
class PageWork:
    """A fetched page, and what is known of it and of its site."""

    url: str
    response: FetchResult
    rules: PageRules
    site: Site
    known: KnownPage | None


@dataclass(frozen=True)
class FinishedPage:
    """The row of a page without the place of its raw response, and what is to be stored and followed."""

    document: Document | None
    """None if the text is that of the page's newest fetch"""
    stated: dict[str, Any]
    """columns of the declarations that apply to the page"""
    links: tuple[str, ...]
    raw: Prepared | None
    """None if nothing of the response is to be stored"""


def finish_page(work: PageWork) -> FinishedPage:
    """Extract, redact and judge a page, and build its row and its raw record. Runs in a worker process."""
    response = work.response
    content_type = response.headers.get("content-type", "")
    return finish_extracted(
        work, extract_in_time(response.body, response.media_type, content_type, work.url, work.rules.layout)
    )


def finish_extracted(work: PageWork, extracted: ExtractedPage) -> FinishedPage:
    """Do the same for a page that is extracted, or that could not be."""
    rules, response = work.rules, work.response
    page = redacted_page(extracted) if rules.redact else extracted
    secret_text = "" if page == extracted else f"{extracted.title or ''}\n{extracted.text}"
    page, stated = _permitted(work, page)
    is_refused = page.status in REFUSED
    frames = frame_urls(response.body, work.url, inline=page.status == Status.EXTRACTION_EMPTY)
    links = (*(() if is_refused else frames), *_followed(page))
    is_same = work.known is not None and has_same_text(page, work.known)
    raw = None
    if rules.keep_raw and not is_refused:
        raw = prepare(work.url, response, secret_text, redact=rules.redact, compared=is_same)
    columns = stated.columns(rules.obey_directives)
    if is_same:
        return FinishedPage(None, columns, links, raw)
    more = response_columns(response) | columns
    document = build_document(work.url, rules.run_id, page, source=rules.source, **more)
    return FinishedPage(document, columns, links, raw)


def response_columns(response: FetchResult) -> dict[str, Any]:
    """Return the columns of a row that a response fills."""
    headers = response.headers
    return {
        "redirect_url": response.location,
        "http_status": response.code,
        "etag": headers.get("etag"),
        "last_modified": headers.get("last-modified"),
    }


def _permitted(work: PageWork, page: ExtractedPage) -> tuple[ExtractedPage, Declarations]:
    """The page with what its site and its directives make of it, and the declarations."""
    rules = work.rules
    if page.status == Status.OK and work.site.is_error(urlsplit(work.url).path, page.text):
        detail = "it reads as the site's answer to a wrong address"
        page = replace(page, status=Status.ERROR_PAGE, detail=detail, text="")
    stated = declared(work.url, page.markup, work.response.headers, work.site.rights)
    page = permitted_page(page, stated, rules.obey_directives)
    return replace(page, license=page.license or rules.license), stated


def _followed(page: ExtractedPage) -> Iterator[str]:
    """The targets that are followed: links, and the address that the page names as its canonical one."""
    skipped = set(page.nofollow_links)
    yield from (url for url, _ in page.links if url not in skipped)
    if page.markup.canonical:
        yield page.markup.canonical
