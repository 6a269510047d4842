"""Extraction of small pages, for the tests of this folder."""

from sources.text.document_builder import ExtractedPage
from sources.text.extract import Layout, extract

URL = "http://site.example/dir/page.html"


def extracted(html: str) -> ExtractedPage:
    """The page of this html."""
    return extract(html.encode(), "text/html", "text/html; charset=utf-8", URL, Layout())


def markdown(body: str) -> str:
    """The Markdown of a page with this body."""
    return extracted(f"<!doctype html><html><head><title>T</title></head><body>{body}</body></html>").text
