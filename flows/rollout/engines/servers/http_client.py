"""HTTP client for a teacher's servers, with retries, timeouts, TLS certificates, the API key and keep-alive.

Bodies and replies are bytes, so that a long prompt is neither copied nor parsed where a comparison is enough.
A generation has no timeout unless `teacher.timeout_s` sets one: the health checks of `server_pool.py` decide
when a silent server is down.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter

from flows.rollout.engines.servers.connection_errors import connection_error
from flows.rollout.engines.servers.direct_post import Answer, DirectPost
from flows.rollout.engines.servers.http_errors import (
    MalformedReply,
    Retryable,
    retries_exhausted,
    retry_delay,
    status_error,
)
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher

KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 6}
IDLE_S = 4.0
"""Seconds that an unused connection stays open: vLLM closes it after 5, and a request sent then is lost."""

Reply = TypeVar("Reply")


class JsonPieces(aiohttp.Payload):
    """A JSON body in pieces, joined only while it is sent: one joined copy per request would outlive the send."""

    _value: Sequence[bytes]

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__(pieces, content_type="application/json")
        self._size = sum(map(len, pieces))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text."""
        return b"".join(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send the body."""
        await writer.write(b"".join(self._value))


class HttpClient:
    """Requests to the servers of the [teacher] settings; an async context manager."""

    def __init__(self, settings: Teacher, headers: Mapping[str, str] | None = None) -> None:
        """`headers` go with every request; by default the API key as a bearer token."""
        self.tries = settings.retries + 1
        self._settings = settings
        key = settings.api_key
        bearer = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._headers = bearer if headers is None else headers
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout_s or None, sock_connect=30)
        self._session: aiohttp.ClientSession | None = None
        self._direct: DirectPost | None = None

    async def __aenter__(self) -> "HttpClient":
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=IDLE_S, socket_factory=_keepalive_socket, ssl=tls_context(self._settings)
        )
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=self._timeout)
        self._direct = None if self._timeout.total else DirectPost(self._session, self._headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def send(self, url: str, body: Sequence[bytes] | None = None) -> bytes:
        """As `exchange`, the body of the answer only."""
        return (await self.exchange(url, body)).raw

    async def exchange(self, url: str, body: Sequence[bytes] | None = None) -> Answer:
        """One try of a GET, or of a POST of a JSON body in pieces; redirects are not followed.

        Raises Retryable where a retry may help, else TeacherRefused.
        """
        try:
            if self._direct and body is not None:
                answer = await self._direct.send(url, body)
            else:
                payload = JsonPieces(body) if body is not None else None
                answer = await self._request(url, payload, self._timeout)
        except TimeoutError as error:
            raise Retryable("no reply in time (teacher.timeout_s)") from error
        except (aiohttp.ClientError, OSError) as error:
            raise connection_error(url, error) from error
        if answer.status != 200:
            raise status_error(url, answer.status, answer.headers.get("Retry-After"), self._without_key(answer.raw))
        return answer

    async def probe(self, url: str, timeout_s: float) -> Answer:
        """The answer to a GET with a timeout; raises TimeoutError, aiohttp.ClientError or OSError."""
        return await self._request(url, None, aiohttp.ClientTimeout(total=timeout_s))

    async def request(
        self, url: str, path: str, body: Sequence[bytes] | None = None, *, read: Callable[[bytes], Reply]
    ) -> Reply:
        """As `send`, with `teacher.retries` retries of Retryable and MalformedReply errors; `read` parses the reply.

        Raises TeacherRefused at once where a retry cannot help, else TeacherError after the last try.
        """
        for tried in range(self.tries):
            try:
                return read(await self.send(url + path, body))
            except (MalformedReply, Retryable) as problem:
                last = problem
            if tried + 1 < self.tries:
                await asyncio.sleep(retry_delay(tried, last))
        raise retries_exhausted(url, last, self.tries)

    async def _request(self, url: str, body: JsonPieces | None, limit: aiohttp.ClientTimeout) -> Answer:
        if self._session is None:
            raise RuntimeError("HttpClient is used outside its context")
        method = "POST" if body else "GET"
        async with self._session.request(method, url, data=body, timeout=limit, allow_redirects=False) as reply:
            return Answer(reply.status, await reply.read(), reply.headers)

    def _without_key(self, raw: bytes) -> bytes:
        """The text of an error without the API key: some servers repeat it."""
        key = self._settings.api_key
        return raw.replace(key.get_secret_value().encode(), b"[api_key]") if key else raw


def parse_json(raw: bytes) -> Any:
    """The JSON value of a reply; raises MalformedReply."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedReply(f"the reply is not JSON: {error}") from error


def field(name: str, kind: type) -> Callable[[bytes], Any]:
    """A reader of one field of a JSON object; the reader raises MalformedReply unless the field has that type."""

    def read(raw: bytes) -> Any:
        reply = parse_json(raw)
        value = reply.get(name) if isinstance(reply, dict) else None
        if not isinstance(value, kind):
            raise MalformedReply(f"the reply has no field {name}")
        return value

    return read


def tls_context(settings: Teacher) -> ssl.SSLContext:
    """The TLS context of the settings; raises TeacherRefused, with the setting, for a file that is no PEM file."""
    files = {name: getattr(settings, name) for name in ("ca_file", "client_cert", "client_key")}
    named = [f"teacher.{name} = {file}" for name, file in files.items() if file]
    missing = [one for one, file in zip(named, filter(None, files.values()), strict=True) if not file.is_file()]
    if missing:
        raise TeacherRefused(f"{', '.join(missing)}: there is no such PEM file")
    if not named and settings.verify_tls:
        return _default_context(ssl.get_default_verify_paths())
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.client_cert:
            context.load_cert_chain(settings.client_cert, settings.client_key)
    except OSError as error:
        raise TeacherRefused(f"{', '.join(named)}: not PEM files that belong together ({error})") from error
    if not settings.verify_tls:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@cache
def _default_context(_: ssl.DefaultVerifyPaths) -> ssl.SSLContext:
    """The context with the authorities of the machine, which take 25 ms to read."""
    return ssl.create_default_context()


def _keepalive_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket with TCP keep-alive: without a timeout, only that detects that the remote machine is gone."""
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        if hasattr(socket, option):
            opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return opened
