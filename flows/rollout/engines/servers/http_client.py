"""One request to a teacher's server, and what its failure means: no use to try again, or worth a wait.

Bodies and replies are bytes, so that a long prompt is neither copied nor read where comparing will do.
No time limit is set on a generation unless the settings name one: whether a silent server is dead is for
`fleet.py` to find out.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter

from flows.rollout.engines.servers.http_errors import Absent, Broken, Malformed, Passing, failure, lasting, pause
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher

KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 6}
IDLE_S = 4.0
"""How long an unused connection stays: vLLM closes it after 5 seconds, and what is sent then is lost."""

Reply = TypeVar("Reply")


class Pieces(aiohttp.Payload):
    """A JSON body in pieces, joined only while it is sent: a body of its own would stay until the reply is there."""

    _value: Sequence[bytes]

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__(pieces, content_type="application/json")
        self._size = sum(map(len, pieces))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text."""
        return b"".join(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send it."""
        await writer.write(b"".join(self._value))


class Wire:
    """Requests to the servers of the settings; an async context."""

    def __init__(self, chosen: Teacher) -> None:
        self.tries = chosen.retries + 1
        self._chosen = chosen
        self._timeout = aiohttp.ClientTimeout(total=chosen.timeout_s or None, sock_connect=30)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Wire":
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=IDLE_S, socket_factory=_kept_alive, ssl=_trust(self._chosen)
        )
        key = self._chosen.api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._session = aiohttp.ClientSession(connector=connector, headers=headers, timeout=self._timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def fetch(self, url: str, body: Sequence[bytes] | None = None) -> bytes:
        """GET, or POST of a JSON body in pieces; raises Passing on what may pass, else TeacherRefused."""
        try:
            status, after, raw = await self._request(url, Pieces(body) if body is not None else None, self._timeout)
        except TimeoutError as error:
            raise Passing("no reply in time (teacher.timeout_s)") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise TeacherRefused(f"{url}: {error.certificate_error}. Set teacher.ca_file.") from error
        except aiohttp.ClientConnectorError as error:
            raise Absent(f"the connection failed: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Broken(f"the connection failed: {type(error).__name__} {error}".strip()) from error
        if status != 200:
            raise failure(url, status, after, raw)
        return raw

    async def look(self, url: str, patience_s: float) -> tuple[int, bytes]:
        """Status and body of a GET that has to answer soon; raises TimeoutError, aiohttp.ClientError or OSError."""
        status, _, raw = await self._request(url, None, aiohttp.ClientTimeout(total=patience_s))
        return status, raw

    async def ask(
        self, url: str, path: str, body: Sequence[bytes] | None = None, *, read: Callable[[bytes], Reply]
    ) -> Reply:
        """As `fetch`, tried again as long as trying helps; raises TeacherError after all tries."""
        for tried in range(self.tries):
            try:
                return read(await self.fetch(url + path, body))
            except (Malformed, Passing) as problem:
                last = problem
            if tried + 1 < self.tries:
                await asyncio.sleep(pause(tried, last))
        raise lasting(url, last, self.tries)

    async def _request(
        self, url: str, body: Pieces | None, limit: aiohttp.ClientTimeout
    ) -> tuple[int, str | None, bytes]:
        if self._session is None:
            raise RuntimeError("Wire is used outside its context")
        async with self._session.request("POST" if body else "GET", url, data=body, timeout=limit) as answer:
            return answer.status, answer.headers.get("Retry-After"), await answer.read()


def parsed(raw: bytes) -> Any:
    """JSON of a reply; raises Malformed."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the reply is no JSON: {error}") from error


def field(name: str, kind: type) -> Callable[[bytes], Any]:
    """Reads one field of a JSON object, and raises Malformed where there is none of that kind."""

    def read(raw: bytes) -> Any:
        reply = parsed(raw)
        value = reply.get(name) if isinstance(reply, dict) else None
        if not isinstance(value, kind):
            raise Malformed(f"the reply has no {name}")
        return value

    return read


def _trust(chosen: Teacher) -> ssl.SSLContext:
    """What the settings say of https; raises TeacherRefused when a file of theirs cannot be used."""
    try:
        context = ssl.create_default_context(cafile=chosen.ca_file)
        if chosen.client_cert:
            context.load_cert_chain(chosen.client_cert, chosen.client_key)
    except OSError as error:
        said = "teacher.ca_file, teacher.client_cert and teacher.client_key must name readable PEM files"
        raise TeacherRefused(f"{said}: {error}") from error
    if not chosen.verify_tls:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """A socket that notices when the machine at the other end is gone: generations have no time limit."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
