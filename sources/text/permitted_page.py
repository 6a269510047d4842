"""Applies the declarations of a page to it: the text that may be kept, the links that may be followed."""

from collections.abc import Collection
from dataclasses import replace

from sources.rights.declarations import Declarations
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage


def permitted_page(page: ExtractedPage, stated: Declarations, obeyed: Collection[str]) -> ExtractedPage:
    """Return the page without the text that a directive of `obeyed` forbids to keep, and with its reason as status.

    Title, links and declarations stay; `nofollow_links` has every link of a page that is marked nofollow.
    """
    if "nofollow" not in obeyed:
        page = replace(page, nofollow_links=())
    elif "nofollow" in stated.directives.names:
        page = replace(page, nofollow_links=tuple(url for url, _ in page.links))
    refusal = stated.refusal(obeyed) if page.status == Status.OK else None
    return replace(page, status=refusal[0], detail=refusal[1], text="") if refusal else page
