"""Cleans the HTML that a wiki renders for a page, before the extractor reads it. Runs in worker processes.

Edit links, navigation boxes, reference marks and links to pages that do not exist are marks of the wiki, not words of
the page.
"""

import html
import re

from selectolax.lexbor import LexborHTMLParser

from sources.text.document_builder import ExtractedPage
from sources.text.extract import Layout, extract

_DROPPED = (
    ".mw-editsection", ".mw-cite-backlink", ".mw-jump-link", ".mw-empty-elt", ".mw-kartographer-maplink",
    ".mw-indicators", ".mw-references-wrap", "sup.reference", "sup.noprint", ".noprint", ".navbox", ".vertical-navbox",
    ".sidebar", ".metadata", ".ambox", ".mbox-small", ".toc", "#toc", "style", "link", ".printfooter", ".catlinks",
    "ol.references", ".reflist", ".shortdescription", ".error.mw-ext-cite-error",
)  # fmt: skip
"""Selectors of elements that are removed with their words."""
_UNLINKED = "a.new, a.image, a.mw-file-description, a.mw-selflink, a[href^='#'], a[href*='redlink=1']"
"""Selectors of links that become plain words: pages that do not exist, images, the page itself."""
_TEX_ERROR = re.compile(r"Failed to parse .*?:\):\s*(.*)\Z", re.DOTALL)


def rendered_page(body: str, title: str, lang: str | None, url: str) -> ExtractedPage:
    """Return the page of a wiki's rendered HTML."""
    tree = LexborHTMLParser(body)
    for node in tree.css(", ".join(_DROPPED)):
        node.decompose()
    for node in tree.css(".texerror"):
        if found := _TEX_ERROR.match(node.text().strip()):
            node.replace_with(f"${found[1].strip()}$")
    for node in tree.css(_UNLINKED):
        node.unwrap()
    inner = tree.body.inner_html if tree.body is not None else ""
    whole = page_html(inner or "", title, lang)
    return extract(whole.encode("utf-8", "replace"), "text/html", "text/html; charset=utf-8", url, Layout())


def page_html(body: str, title: str, lang: str | None) -> str:
    """Return a whole page around the HTML of its body."""
    declared = f' lang="{html.escape(lang, quote=True)}"' if lang else ""
    name = html.escape(title)
    return (
        f"<!DOCTYPE html><html{declared}><head><title>{name}</title></head>"
        f"<body><main><h1>{name}</h1>{body}</main></body></html>"
    )
