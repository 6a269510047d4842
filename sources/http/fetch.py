"""The HTTP client of the crawl: one GET within limits. Every failure of a server becomes a status, never an exception.

Redirects are not followed. Their target is returned, and the crawl checks it as it checks any link: scope,
robots.txt, address. So a redirect cannot lead to a url that a link could not.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

from sources.http.connection import BodyCutOff, Connection, ConnectionLost
from sources.http.connection_pool import ConnectionPool
from sources.http.cookies import RedirectCookies
from sources.http.decompress import BadCompression, Body, TooLarge, gunzipped
from sources.http.media_type import computed_type, declared_type, is_xml
from sources.http.network import AddressRefused, ConnectFailed, Network
from sources.http.request import get_request
from sources.http.response_head import NotHttp, ResponseHead
from sources.status_codes import Status, http_status
from sources.urls import normalise

_TEXT = ("text/plain", "text/markdown", "text/x-markdown", "text/x-rst")
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/pdf", *_TEXT})
ANY_TYPE = frozenset[str]()
COOKIE_TRIES = 3
"""Requests for one url that redirects to itself, as long as each response sets another cookie."""

DRAINED_BYTES = 64 * 1024
"""Longest body of a redirect or an error that is read, to use its connection again."""

_CONTENT = {200, 203}
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_HOST_DOWN = {429, 503}


@dataclass(frozen=True)
class Limits:
    """Limits of one request."""

    user_agent: str
    timeout_s: float = 20.0
    """wall-clock seconds from connecting to the last byte"""
    max_bytes: int = 5_000_000
    """size of the body after decompression"""


@dataclass(frozen=True)
class BodySize:
    """The largest body that one request accepts, in bytes after decompression."""

    max_bytes: int
    is_cut: bool = False
    """a larger body is cut there, and is no failure"""


@dataclass(frozen=True)
class FetchResult:
    """The result of one request: status, headers and body, or the reason of the failure."""

    status: str
    """a code of `sources.status_codes`"""
    detail: str | None = None
    code: int | None = None
    """HTTP status code; None if no response arrived"""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    location: str | None = None
    """normalised target of a redirect; None if it has no valid one"""
    retryable: bool = False
    """the failure is transient: a retry may succeed"""
    host_down: bool = False
    """the failure concerns the whole host, not only this url"""
    retry_after_s: float | None = None
    """Retry-After in seconds, if the server sent one"""

    @property
    def media_type(self) -> str:
        """Media type by the Content-Type header and the body, such as text/html; see `media_type.py`."""
        return computed_type(self.headers.get("content-type", ""), self.body)


class Client:
    """An HTTP client whose connections are checked by a Network, as an async context manager."""

    def __init__(self, limits: Limits, network: Network) -> None:
        self.limits, self.network = limits, network
        self._pool, self._cookies = ConnectionPool(network), RedirectCookies()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    async def get(
        self,
        url: str,
        *,
        types: frozenset[str] = PAGE_TYPES,
        etag: str | None = None,
        last_modified: str | None = None,
        size: BodySize | None = None,
    ) -> FetchResult:
        """Send one GET within the limits and return its result; never raises for a failure of the server.

        `types` are the accepted media types (empty: all). `etag` and `last_modified` make the request conditional.
        `size` replaces the limit of the body. A body that is a gzip file is returned unpacked. A redirect of the url to
        itself that sets a cookie is followed with that cookie.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        wanted = _Wanted(types, size or BodySize(self.limits.max_bytes))
        for _ in range(COOKIE_TRIES):
            result, set_cookie = await self._try(url, conditions, wanted)
            if result.status != Status.REDIRECTED:
                break
            has_changed = self._cookies.keep(url, set_cookie)
            if result.location != url or not has_changed:
                break
        return result

    async def _try(
        self, url: str, conditions: Mapping[str, str | None], wanted: "_Wanted"
    ) -> tuple[FetchResult, list[str]]:
        """Send the request once; return its result and its Set-Cookie headers."""
        try:
            headers = {"User-Agent": self.limits.user_agent, "Cookie": self._cookies.header(url), **conditions}
            message = get_request(url, headers)
            async with asyncio.timeout(self.limits.timeout_s):
                connection, head = await self._pool.request(url, message)
                try:
                    result = await _read(url, connection, head, wanted)
                finally:
                    self._pool.release(url, connection)
        except (TimeoutError, ConnectFailed, AddressRefused, ConnectionLost, NotHttp, OSError) as error:
            return _failure(error, self.limits), []
        except ValueError as error:
            return FetchResult(Status.PROTOCOL_ERROR, f"{type(error).__name__}: {error}"), []
        if result.status == Status.NOT_MODIFIED and not any(conditions.values()):
            return _error_response(head.code, head.headers), []
        return result, head.values("set-cookie")


@dataclass(frozen=True)
class _Wanted:
    """The body that a request accepts."""

    types: frozenset[str]
    size: BodySize


async def _read(url: str, connection: Connection, head: ResponseHead, wanted: _Wanted) -> FetchResult:
    code, headers, types = head.code, head.headers, wanted.types
    if code == 304 or code in _REDIRECTS:
        await _drain(connection, head)
        status = Status.NOT_MODIFIED if code == 304 else Status.REDIRECTED
        return FetchResult(status, code=code, headers=headers, location=_location(url, headers))
    if code not in _CONTENT:
        await _drain(connection, head)
        return _error_response(code, headers)
    kind = declared_type(headers.get("content-type", ""))
    if types and kind and kind not in types and not is_xml(kind):
        return _wrong_type(kind, code, headers)
    result = await _collect(connection, head, wanted)
    if result.status == Status.OK and types and result.media_type not in types:
        return _wrong_type(result.media_type, code, headers)
    return result


async def _drain(connection: Connection, head: ResponseHead) -> None:
    """Read a short body that is of no use, so that the connection can be used again."""
    if head.is_chunked or (head.length or 0) > DRAINED_BYTES or (head.length is None and head.code != 304):
        return
    with suppress(BodyCutOff):
        async for _ in connection.body():
            pass


async def _collect(connection: Connection, head: ResponseHead, wanted: _Wanted) -> FetchResult:
    code, headers, max_bytes, is_cut = head.code, head.headers, wanted.size.max_bytes, wanted.size.is_cut
    too_large = FetchResult(Status.TOO_LARGE, f"over {max_bytes} bytes", code, headers)
    if not is_cut and not head.is_chunked and (head.length or 0) > max_bytes:
        return too_large
    try:
        body = Body(headers.get("content-encoding", ""), max_bytes)
        try:
            async for chunk in connection.body():
                body.add(chunk)
        except (BodyCutOff, OSError) as error:
            if not (body.is_compressed and body.complete()):  # else everything arrived, and only the length is wrong
                return FetchResult(Status.TRUNCATED, f"the body was cut off: {error}", code, headers, retryable=True)
        if not body.complete():
            return FetchResult(Status.TRUNCATED, "the compressed body is incomplete", code, headers, retryable=True)
        return FetchResult(Status.OK, code=code, headers=headers, body=gunzipped(body.whole(), max_bytes))
    except TooLarge:
        return FetchResult(Status.OK, code=code, headers=headers, body=body.whole()) if is_cut else too_large
    except BadCompression as error:
        return FetchResult(Status.CONTENT_ENCODING, str(error), code, headers)


def _wrong_type(kind: str, code: int, headers: Mapping[str, str]) -> FetchResult:
    return FetchResult(Status.CONTENT_TYPE, f"content type {kind} is not supported", code, headers)


def _failure(error: Exception, limits: Limits) -> FetchResult:
    text = f"{type(error).__name__}: {error}".rstrip(": ")[:2_000]
    if isinstance(error, AddressRefused):
        return FetchResult(Status.PRIVATE_ADDRESS, str(error))
    if isinstance(error, ConnectFailed):
        return FetchResult(Status.CONNECT_FAILED, str(error), retryable=True, host_down=True)
    if isinstance(error, TimeoutError):
        return FetchResult(Status.TIMEOUT, f"not complete after {limits.timeout_s:g} s", host_down=True)
    if isinstance(error, (NotHttp, ssl.SSLError)):
        return FetchResult(Status.PROTOCOL_ERROR, text, retryable=True)
    return FetchResult(Status.CONNECTION_LOST, text, retryable=True)


def _error_response(code: int, headers: Mapping[str, str]) -> FetchResult:
    wait = _retry_after(headers.get("retry-after", ""))
    retry_after = f", Retry-After {wait:g} s" if wait is not None else ""
    return FetchResult(
        http_status(code),
        f"the server answered {code}{retry_after}",
        code,
        headers,
        retryable=code in _TRANSIENT,
        host_down=code in _HOST_DOWN,
        retry_after_s=wait,
    )


def _retry_after(value: str) -> float | None:
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _location(url: str, headers: Mapping[str, str]) -> str | None:
    return normalise(headers["location"], within=url) if headers.get("location") else None
