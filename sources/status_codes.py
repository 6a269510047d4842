"""Every way that fetching a url can end, as codes that stand in a document's `status`.

Codes and not sentences, so that a night can be counted by them; what happened in words stands in `detail`.
"""

from enum import StrEnum


class Status(StrEnum):
    """`ok` and `not_modified` are the good ends; others say why there is no text. Also `http_<code>`."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    REDIRECTED = "redirected"
    """the target is a url of its own, with its own row"""
    SITEMAP = "sitemap"
    """a list of urls, which were admitted"""

    OVER_BUDGET = "over_budget"
    """known, but max_pages was reached first"""
    OVER_DEPTH = "over_depth"
    INTERRUPTED = "interrupted"
    """an earlier night was stopped before this url's turn, and never gone on with"""

    BLOCKED = "blocked"
    """the settings' blocklist names its host or address; it was not asked for"""
    ROBOTS_DENIED = "robots_denied"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    CRAWL_DELAY = "crawl_delay"
    """robots.txt asks for a longer pause than a night can hold"""
    PRIVATE_ADDRESS = "private_address"
    REDIRECT_DENIED = "redirect_denied"
    REDIRECT_LIMIT = "redirect_limit"
    HOST_UNAVAILABLE = "host_unavailable"
    """the host failed many times in a row and is left alone for the night"""

    CONNECT_FAILED = "connect_failed"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL_ERROR = "protocol_error"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    CONTENT_TYPE = "content_type"
    CONTENT_ENCODING = "content_encoding"

    BAD_ENCODING = "bad_encoding"
    """the bytes are no text in any likely character set"""
    EXTRACTION_EMPTY = "extraction_empty"
    EXTRACTION_FAILED = "extraction_failed"
    ERROR_PAGE = "error_page"
    """the site answers 200 with a page that says: not found"""
    UNREADABLE = "unreadable"
    """the file could not be opened or is no regular file"""


FETCHED = frozenset({Status.OK, Status.NOT_MODIFIED})


def http_status(code: int) -> str:
    """The status of a reply that is neither content nor a redirect."""
    return f"http_{code}"
