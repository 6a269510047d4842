"""JSON to and from a teacher's server, tried again as long as trying helps.

A reply that cannot be used is as good as none: what a reader refuses is asked again, like a cut connection
or a 503. What stays wrong becomes one error that names the server, what happened and what to do.
"""

import asyncio
import hashlib
import random
import socket
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import aiohttp
import orjson
from pydantic import SecretStr

from flows.rollout.engine import TeacherError, TeacherRefused

BACKOFF_S, LONGEST_BACKOFF_S, LONGEST_RETRY_AFTER_S = 0.5, 30.0, 300.0
PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 that pass."""
ADVICE = {
    401: "set teacher.api_key (FACTORY_TEACHER__API_KEY)",
    403: "set teacher.api_key (FACTORY_TEACHER__API_KEY)",
    404: "check teacher.urls and teacher.model",
}
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 6}

Reply = TypeVar("Reply")


class Malformed(TeacherError):
    """The server answered, but not with what was asked for."""


class Passing(TeacherError):
    """A failure that may pass; `after` is the server's own wish in seconds."""

    def __init__(self, said: str, after: float | None = None) -> None:
        super().__init__(said)
        self.after = after


class Wire:
    """Requests to equal servers; an async context. `timeout_s` is per request, 0 for none."""

    def __init__(self, *, retries: int, timeout_s: float, api_key: SecretStr | None = None) -> None:
        self._retries = retries
        self._timeout = aiohttp.ClientTimeout(total=timeout_s or None, sock_connect=30)
        self._headers = {"Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key.get_secret_value()}"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Wire":
        connector = aiohttp.TCPConnector(limit=0, socket_factory=_kept_alive)
        self._session = aiohttp.ClientSession(connector=connector, headers=self._headers, timeout=self._timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def ask(
        self,
        urls: Sequence[str],
        path: str,
        body: object = None,
        *,
        read: Callable[[Any], Reply],
        forgiving: bool = True,
    ) -> Reply:
        """GET, or POST of a body; `read` makes the reply of parsed JSON and raises Malformed when it cannot.

        A further try goes to the next of `urls`. Raises TeacherRefused when trying again is no use, else
        TeacherError after all tries; a Malformed reply at once when not `forgiving`.
        """
        tries = self._retries + 1
        for tried in range(tries):
            url = urls[tried % len(urls)] + path
            try:
                return read(await self._once(url, body))
            except (Malformed, Passing) as failure:
                if isinstance(failure, Malformed) and not forgiving:
                    raise
                last = failure
            if tried + 1 < tries:
                await asyncio.sleep(_pause(tried, last))
        raise type(last)(f"{url}: {last} ({tries} tries). See the server's log; the next run goes on from here.")

    async def _once(self, url: str, body: object) -> Any:
        if self._session is None:
            raise RuntimeError("Wire is used outside its context")
        method, data = ("GET", None) if body is None else ("POST", orjson.dumps(body))
        try:
            async with self._session.request(method, url, data=data) as answer:
                raw = await answer.read()
                if answer.status != 200:
                    raise _failure(url, answer, raw)
        except TimeoutError as error:
            raise Passing("no reply in time (teacher.timeout_s)") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Passing(f"the connection failed: {type(error).__name__} {error}".strip()) from error
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Malformed(f"the reply is no JSON: {error}") from error


def pinned(urls: Sequence[str], session: str) -> list[str]:
    """The servers in a session's own order: the first keeps its prefix cache, the others stand in for it."""
    return sorted(urls, key=lambda url: hashlib.sha256(f"{session} {url}".encode()).digest())


def _failure(url: str, answer: aiohttp.ClientResponse, raw: bytes) -> TeacherError:
    said = f"status {answer.status}: {_message(raw)}"
    if answer.status >= 500 or answer.status in PASSING:
        return Passing(said, _retry_after(answer.headers.get("Retry-After")))
    return TeacherRefused(f"{url}: {said}. {ADVICE.get(answer.status, 'Check the [teacher] settings')}.")


def _message(raw: bytes) -> str:
    try:
        said = orjson.loads(raw)["error"]["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = raw.decode("utf-8", "replace")
    return str(said)[:500].rstrip(". ")


def _retry_after(said: str | None) -> float | None:
    try:
        return min(float(said), LONGEST_RETRY_AFTER_S) if said else None
    except ValueError:
        return None


def _pause(tried: int, failure: Malformed | Passing) -> float:
    if isinstance(failure, Passing) and failure.after is not None:
        return failure.after
    return min(LONGEST_BACKOFF_S, BACKOFF_S * 2.0**tried) * random.uniform(0.5, 1.0)  # noqa: S311


def _kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """A socket that notices when the machine at the other end is gone: generations have no time limit."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
