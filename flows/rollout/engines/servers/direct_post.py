"""Posts JSON over the connections of an aiohttp session without the session's own bookkeeping of each request.

A session builds a request anew each time: its URL, headers and cookies, a task that writes the body, a response with
its timers. That is two thirds of the CPU time of a request, and the same in every turn of a run. Connections, their
reuse, TLS and the parser of replies are aiohttp's here, too.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import aiohttp
from aiohttp.http import HttpProcessingError
from yarl import URL

from flows.rollout.protocol import TeacherRefused

DESCRIBED = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """A server's answer of any status."""

    status: int
    raw: bytes
    headers: Mapping[str, str]


class DirectPost:
    """POSTs to the URLs of a teacher, with these headers; a request waits for its answer without a time limit."""

    def __init__(self, session: aiohttp.ClientSession, headers: Mapping[str, str]) -> None:
        self._session, self._headers = session, {**headers, **DESCRIBED}
        self._requests: dict[str, tuple[aiohttp.ClientRequest, bytes]] = {}
        """URL -> the request that names its connections, and the head of every request without its length."""

    async def send(self, url: str, body: Sequence[bytes]) -> Answer:
        """The answer to a POST of a body in pieces.

        Raises aiohttp.ClientError, TimeoutError or OSError, and TeacherRefused for headers that cannot be sent.
        """
        connector = self._session.connector
        if connector is None:
            raise RuntimeError("the session is closed")
        request, head = self._requests.get(url) or self._request(url)
        connection = await connector.connect(request, [], self._session.timeout)
        try:
            answer = await _exchange(connection, head, b"".join(body))
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientPayloadError(f"no HTTP: {error.message}") from error
        except BaseException:
            connection.close()
            raise
        connection.release()
        return answer

    def _request(self, url: str) -> tuple[aiohttp.ClientRequest, bytes]:
        request = aiohttp.ClientRequest("POST", URL(url), headers=self._headers, session=self._session)
        fields = [(name, value) for name, value in request.headers.items() if name.lower() != "content-length"]
        lines = [f"POST {request.url.raw_path_qs} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), ""]
        if any(end in line for line in lines for end in "\r\n"):
            raise TeacherRefused("teacher.api_key holds the end of a line: remove it")
        self._requests[url] = request, "\r\n".join(lines).encode()
        return self._requests[url]


async def _exchange(connection: aiohttp.connector.Connection, head: bytes, body: bytes) -> Answer:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(read_until_eof=True)
    transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
    message, payload = await protocol.read()
    while 100 <= message.code < 200:  # an interim answer
        message, payload = await protocol.read()
    return Answer(message.code, await payload.read(), message.headers)
