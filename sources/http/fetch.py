"""The HTTP client of the crawl: one GET within limits. Every failure of a server becomes a status, never an exception.

Redirects are not followed. Their target is returned, and the crawl checks it as it checks any link: scope,
robots.txt, address. So a redirect cannot lead to a url that a link could not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx

from sources.http.decompress import ACCEPTED, BadCompression, Body, TooLarge
from sources.http.network import AddressRefused, Network, transport
from sources.status_codes import Status, http_status
from sources.urls import normalise

CONNECTIONS = 64
"""Open connections at most: an httpx client gets slow beyond about a hundred requests in flight."""
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown"})
SITEMAP_TYPES = frozenset({"application/xml", "text/xml", "text/plain", "application/gzip", "application/x-gzip"})
ANY_TYPE = frozenset[str]()

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
        return _media_type(self.headers.get("content-type", ""))


class Client:
    """An HTTP client whose connections are checked by a Network, as an async context manager."""

    def __init__(self, limits: Limits, network: Network) -> None:
        self.limits, self.network = limits, network
        self._http = httpx.AsyncClient(
            transport=transport(network, CONNECTIONS),
            headers={"User-Agent": limits.user_agent, "Accept-Encoding": ACCEPTED},
            timeout=limits.timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(
        self,
        url: str,
        *,
        types: frozenset[str] = PAGE_TYPES,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> FetchResult:
        """Send one GET within the limits and return its result; never raises for a failure of the server.

        `types` are the accepted media types (empty: all). `etag` and `last_modified` make the request conditional.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                self._http.cookies.clear()
                async with self._http.stream("GET", url, headers=headers) as response:
                    return await self._read(url, response, types)
        except (TimeoutError, httpx.TimeoutException, httpx.TransportError, AddressRefused) as error:
            return _failure(error, self.limits)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            return FetchResult(Status.PROTOCOL_ERROR, f"{type(error).__name__}: {error}")

    async def _read(self, url: str, response: httpx.Response, types: frozenset[str]) -> FetchResult:
        headers = {name.lower(): _text(value) for name, value in response.headers.items()}
        code = response.status_code
        if code == 304:
            return FetchResult(Status.NOT_MODIFIED, code=code, headers=headers)
        if code in _REDIRECTS:
            return FetchResult(Status.REDIRECTED, code=code, headers=headers, location=_location(url, headers))
        if code != 200:
            return _error_response(code, headers)
        kind = _media_type(headers.get("content-type", ""))
        if types and kind and kind not in types:
            return FetchResult(Status.CONTENT_TYPE, f"content type {kind} is not supported", code, headers)
        return await self._collect(response, code, headers)

    async def _collect(self, response: httpx.Response, code: int, headers: Mapping[str, str]) -> FetchResult:
        max_bytes = self.limits.max_bytes
        too_large = FetchResult(Status.TOO_LARGE, f"over {max_bytes} bytes", code, headers)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > max_bytes:
            return too_large
        try:
            body = Body(headers.get("content-encoding", ""), max_bytes)
            async for chunk in response.aiter_raw():
                body.add(chunk)
        except TooLarge:
            return too_large
        except BadCompression as error:
            return FetchResult(Status.CONTENT_ENCODING, str(error), code, headers)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            return FetchResult(Status.TRUNCATED, f"the body was cut off: {error}", code, headers, retryable=True)
        if not body.complete():
            return FetchResult(Status.TRUNCATED, "the compressed body is incomplete", code, headers, retryable=True)
        return FetchResult(Status.OK, code=code, headers=headers, body=body.whole())


def _failure(error: Exception, limits: Limits) -> FetchResult:
    text = f"{type(error).__name__}: {_text(str(error))}".rstrip(": ")
    if isinstance(error, AddressRefused):
        return FetchResult(Status.PRIVATE_ADDRESS, _text(str(error)))
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return FetchResult(Status.CONNECT_FAILED, text, retryable=True, host_down=True)
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return FetchResult(Status.TIMEOUT, f"not complete after {limits.timeout_s:g} s", host_down=True)
    if isinstance(error, httpx.ProtocolError):
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


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()[:2_000]
