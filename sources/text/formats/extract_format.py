"""Extraction by media type: PDF and reStructuredText here, HTML and plain text by the extractor of web pages.

Runs in worker processes, so that a file that crashes or hangs its parser costs only itself.
"""

from dataclasses import replace

from sources.status_codes import Status
from sources.text.charset import Unreadable, decode
from sources.text.document_builder import ExtractedPage
from sources.text.extract import Layout, extract

PDF, RST = "application/pdf", "text/x-rst"


def extract_format(body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> ExtractedPage:
    """Extract a page of any supported format; without text, the status is the reason."""
    if media_type == PDF:
        from sources.text.formats.pdf import extract_pdf  # loads a library of 10 MB

        return extract_pdf(body, url)
    if media_type == RST:
        return _from_rst(body, content_type, url, layout)
    return extract(body, media_type, content_type, url, layout)


def _from_rst(body: bytes, content_type: str, url: str, layout: Layout) -> ExtractedPage:
    from sources.text.formats.rst import rst_to_html  # slow to import

    try:
        decoded = decode(body, content_type)
    except Unreadable as error:
        return ExtractedPage(Status.BAD_ENCODING, str(error))
    html = rst_to_html(decoded.text).encode()
    page = extract(html, "text/html", "text/html; charset=utf-8", url, layout)
    return replace(page, detail="; ".join(filter(None, (page.detail, decoded.detail))) or None)
