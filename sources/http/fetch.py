"""One polite request: everything that a server can do wrong becomes a reply with a reason, never an exception.

A redirect is not followed here. It is a reply that names another url, which the crawl judges as it judges
any link: scope, robots.txt, address. So no hop can lead where a link could not.
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
"""One httpx client gets slow past about a hundred requests in flight."""
PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown"})
SITEMAP_TYPES = frozenset({"application/xml", "text/xml", "text/plain", "application/gzip", "application/x-gzip"})
ANY_TYPE = frozenset[str]()

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_UNREACHABLE = {429, 503}


@dataclass(frozen=True)
class Limits:
    """What one request may cost."""

    user_agent: str
    timeout_s: float = 20.0
    """wall seconds from the first packet to the last byte"""
    max_bytes: int = 5_000_000
    """of the body, after decompression"""


@dataclass(frozen=True)
class Reply:
    """What came of one request."""

    status: str
    detail: str | None = None
    code: int | None = None
    """HTTP status code, when a reply came"""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    location: str | None = None
    """where a redirect leads, normalised; None when that is nowhere"""
    passing: bool = False
    """a later try may succeed"""
    host_down: bool = False
    """says something of the host and not only of this url"""
    wait_s: float | None = None
    """what Retry-After asks for, in seconds"""

    @property
    def media_type(self) -> str:
        return _media_type(self.headers.get("content-type", ""))


class Client:
    """Makes requests through a checked network; use as an async context manager."""

    def __init__(self, limits: Limits, network: Network) -> None:
        self._limits = limits
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
    ) -> Reply:
        """One GET within the limits; `etag` and `last_modified` make it conditional."""
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                self._http.cookies.clear()
                async with self._http.stream("GET", url, headers=headers) as response:
                    return await self._read(url, response, types)
        except (TimeoutError, httpx.TimeoutException, httpx.TransportError, AddressRefused) as error:
            return _failure(error, self._limits)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            return Reply(Status.PROTOCOL_ERROR, f"{type(error).__name__}: {error}")

    async def _read(self, url: str, response: httpx.Response, types: frozenset[str]) -> Reply:
        headers = {name.lower(): _text(value) for name, value in response.headers.items()}
        code = response.status_code
        if code == 304:
            return Reply(Status.NOT_MODIFIED, code=code, headers=headers)
        if code in _REDIRECTS:
            return Reply(Status.REDIRECTED, code=code, headers=headers, location=_location(url, headers))
        if code != 200:
            return _refusal(code, headers)
        kind = _media_type(headers.get("content-type", ""))
        if types and kind and kind not in types:
            return Reply(Status.CONTENT_TYPE, f"{kind} is not read", code, headers)
        return await self._collect(response, code, headers)

    async def _collect(self, response: httpx.Response, code: int, headers: Mapping[str, str]) -> Reply:
        most = self._limits.max_bytes
        too_large = Reply(Status.TOO_LARGE, f"over {most} bytes", code, headers)
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            return too_large
        try:
            body = Body(headers.get("content-encoding", ""), most)
            async for chunk in response.aiter_raw():
                body.add(chunk)
        except TooLarge:
            return too_large
        except BadCompression as error:
            return Reply(Status.CONTENT_ENCODING, str(error), code, headers)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            return Reply(Status.TRUNCATED, f"the body was cut off: {error}", code, headers, passing=True)
        if not body.complete():
            return Reply(Status.TRUNCATED, "the compressed body has no end", code, headers, passing=True)
        return Reply(Status.OK, code=code, headers=headers, body=body.whole())


def _failure(error: Exception, limits: Limits) -> Reply:
    said = f"{type(error).__name__}: {_text(str(error))}".rstrip(": ")
    if isinstance(error, AddressRefused):
        return Reply(Status.PRIVATE_ADDRESS, _text(str(error)))
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return Reply(Status.CONNECT_FAILED, said, passing=True, host_down=True)
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return Reply(Status.TIMEOUT, f"not complete after {limits.timeout_s:g} s", host_down=True)
    if isinstance(error, httpx.ProtocolError):
        return Reply(Status.PROTOCOL_ERROR, said, passing=True)
    return Reply(Status.CONNECTION_LOST, said, passing=True)


def _refusal(code: int, headers: Mapping[str, str]) -> Reply:
    wait = _retry_after(headers.get("retry-after", ""))
    asked = f", asked to wait {wait:g} s" if wait is not None else ""
    return Reply(
        http_status(code),
        f"the server answered {code}{asked}",
        code,
        headers,
        passing=code in _PASSING,
        host_down=code in _UNREACHABLE,
        wait_s=wait,
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
