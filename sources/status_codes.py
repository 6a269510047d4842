"""The reason codes of a fetch, for the column `status` of documents.

Codes can be counted; the column `detail` holds the explanation in words.
"""

from enum import StrEnum


class Status(StrEnum):
    """Outcome of a url. `ok` and `not_modified` are successes; all others, and `http_<code>`, explain missing text."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    REDIRECTED = "redirected"
    """the target has a row of its own"""
    SITEMAP = "sitemap"
    """a sitemap, whose urls were admitted"""
    COLLECTION = "collection"
    """a folder, archive, data set or site whose pages have rows of their own"""
    GONE = "gone"
    """the page was deleted: its collection no longer holds it"""

    OVER_BUDGET = "over_budget"
    """max_pages was reached before this url"""
    OVER_DEPTH = "over_depth"
    INTERRUPTED = "interrupted"
    """the crawl of that day stopped before this url and was not resumed"""

    BLOCKED = "blocked"
    """the settings' blocklist names its host or address, so it was not requested"""
    ROBOTS_DENIED = "robots_denied"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    CRAWL_DELAY = "crawl_delay"
    """the crawl-delay of robots.txt is longer than the crawler accepts"""
    NOINDEX = "noindex"
    """the page, or a header, asks not to be indexed"""
    NOAI = "noai"
    NOML = "noml"
    TDM_RESERVED = "tdm_reserved"
    """text and data mining is reserved (TDMRep)"""
    CONTENT_SIGNAL = "content_signal"
    """the site refuses training, AI input or search (Content-Signal, Content-Usage)"""
    UNAVAILABLE_AFTER = "unavailable_after"
    """the date after which the page is not to be shown has passed"""
    PRIVATE_ADDRESS = "private_address"
    REDIRECT_DENIED = "redirect_denied"
    REDIRECT_LIMIT = "redirect_limit"
    HOST_UNAVAILABLE = "host_unavailable"
    """the host failed many times in a row and is skipped for the rest of the run"""

    CONNECT_FAILED = "connect_failed"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL_ERROR = "protocol_error"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    CONTENT_TYPE = "content_type"
    CONTENT_ENCODING = "content_encoding"

    BAD_ENCODING = "bad_encoding"
    """the bytes are not text in any likely character encoding"""
    EXTRACTION_EMPTY = "extraction_empty"
    EXTRACTION_FAILED = "extraction_failed"
    ERROR_PAGE = "error_page"
    """an error page with status code 200 (soft 404)"""
    VENDORED = "vendored"
    """a copy of another project's file in a repository"""
    GENERATED = "generated"
    """a file of a repository that a program wrote"""
    ENCRYPTED = "encrypted"
    """a PDF or book that only a password or a key opens"""
    DAMAGED = "damaged"
    """bytes that do not follow the file's own format, or fail its checksum"""
    CHALLENGE = "challenge"
    """a test for robots in place of the page"""
    CONSENT_WALL = "consent_wall"
    LOGIN_WALL = "login_wall"
    JAVASCRIPT_SHELL = "javascript_shell"
    """a page that its scripts fill in a browser"""
    CRAWL_TRAP = "crawl_trap"
    """one of endless pages of one url pattern whose texts are alike"""
    UNREADABLE = "unreadable"
    """the file could not be opened or is not a regular file"""


FETCHED = frozenset({Status.OK, Status.NOT_MODIFIED})


def http_status(code: int) -> str:
    """Return the status of a response that is neither content nor a redirect."""
    return f"http_{code}"
