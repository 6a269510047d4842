"""Finds where a page leads without a link: a refresh of the page, in a header or a meta element, and its frames.

Sites that moved long ago send a page with a refresh in place of a redirect; browsers follow both.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from sources.http.fetch import FetchResult
from sources.http.media_type import HTML, XHTML
from sources.text.nesting import harmless
from sources.urls import normalise

MAX_DELAY_S = 10
"""A page that is replaced later than this is meant to be read."""
HEAD_BYTES = 100_000
"""Bytes of a page that are searched for a refresh."""
MAX_FRAMES = 100

_MARK = re.compile(rb"http-equiv\s*=\s*[\"']?\s*refresh")
_FRAME = re.compile(rb"<i?frame\b")
_REFRESH = re.compile(r"\s*(\d{1,9})[\d.]*(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?(.+)", re.IGNORECASE | re.DOTALL)


def refresh_target(response: FetchResult, url: str) -> str | None:
    """Return the other url that soon replaces the page at `url`, normalised; None if it stays."""
    header = response.headers.get("refresh")
    target = _target(header, url) if header else None
    if target is None and response.media_type in (HTML, XHTML) and _may_refresh(response.body[:HEAD_BYTES]):
        target = _meta_target(response.body[:HEAD_BYTES], url)
    return target if target != url else None


def frame_urls(body: bytes, url: str, *, inline: bool) -> tuple[str, ...]:
    """Return the normalised urls of the frames of a page; `inline`: of those inside its text (iframe), too."""
    if not _has_frames(body):
        return ()
    tree = _parsed(body)
    within = _base(tree, url)
    nodes = tree.css("frame[src], iframe[src]" if inline else "frame[src]")
    found = (normalise(node.attributes.get("src") or "", within=within) for node in nodes[:MAX_FRAMES])
    return tuple(dict.fromkeys(frame for frame in found if frame and frame != url))


def _may_refresh(head: bytes) -> bool:
    lower = head.lower()  # with a search for the word, a tenth of the time that the pattern takes on every page
    return b"refresh" in lower and _MARK.search(lower) is not None


def _has_frames(body: bytes) -> bool:
    lower = body.lower()  # as above
    return b"frame" in lower and _FRAME.search(lower) is not None


def _meta_target(head: bytes, url: str) -> str | None:
    tree = _parsed(head)
    for node in tree.css("noscript"):  # meant for browsers without scripts, in place of a page that has its text
        node.decompose()
    found = tree.css_first("meta[http-equiv=refresh i][content]")
    return _target(found.attributes.get("content") or "", _base(tree, url)) if found is not None else None


def _parsed(html: bytes) -> LexborHTMLParser:
    return LexborHTMLParser(harmless(html.decode("utf-8", "replace")))


def _target(content: str, within: str) -> str | None:
    match = _REFRESH.match(content)
    if match is None or int(match[1]) > MAX_DELAY_S:
        return None
    href = match[2].strip()
    if href[:1] in ("'", '"'):
        href = href[1:].partition(href[0])[0]
    return normalise(href, within=within)


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    href = node.attributes.get("href") if node is not None else None
    return (normalise(href, within=url) if href else None) or url
