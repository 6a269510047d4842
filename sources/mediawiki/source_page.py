"""Makes a page from the wikitext of a dump, and counts the templates that it lacks. Runs in worker processes."""

from collections import Counter
from dataclasses import replace

from sources.mediawiki.rendered_page import page_html
from sources.mediawiki.titles import WikiAddresses
from sources.mediawiki.wikitext import wiki_html
from sources.text.document_builder import ExtractedPage
from sources.text.extract import Layout, extract

NAMED = 5
"""Templates that the detail names; the others are only counted."""


def source_page(text: str, title: str, lang: str | None, addresses: WikiAddresses, url: str) -> ExtractedPage:
    """Return the page of a piece of wikitext; its detail counts the templates that were left out."""
    written = wiki_html(text, addresses)
    whole = page_html(written.html, title, lang)
    page = extract(whole.encode("utf-8", "replace"), "text/html", "text/html; charset=utf-8", url, Layout())
    return replace(page, detail="; ".join(filter(None, (page.detail, _left_out(written.left_out)))) or None)


def _left_out(templates: Counter[str]) -> str | None:
    if not templates:
        return None
    named = ", ".join(
        f"{name} ({count})" for name, count in sorted(templates.items(), key=lambda one: (-one[1], one[0]))[:NAMED]
    )
    more = f" and {len(templates) - NAMED} others" if len(templates) > NAMED else ""
    return f"{templates.total()} templates left out: {named}{more}"
