"""A night posts a million prompts this way: an answer of any lawful form is read whole, and nothing else is one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.servers.http_errors import ServerDown
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher

OK = b"HTTP/1.1 200 OK\r\n"


class Scripted:
    """A server that answers each request with the next of its replies, and closes after one that says so."""

    def __init__(self, replies: Sequence[bytes]) -> None:
        self._replies = iter(replies)
        self.connections, self.bodies, self.heads = 0, list[bytes](), list[bytes]()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head)
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                reply = next(self._replies)
                writer.write(reply)
                if b"Connection: close" in reply:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()


@asynccontextmanager
async def posting(*replies: bytes, **settings: object) -> AsyncIterator[tuple[HttpClient, str, Scripted]]:
    server = Scripted(replies)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/completions"
    async with listening, HttpClient(Teacher.model_validate({"engine": "vllm", **settings})) as client:
        yield client, url, server


async def test_a_connection_is_used_again_and_the_body_arrives_whole() -> None:
    async with posting(*[OK + b"Content-Length: 2\r\n\r\n{}"] * 2, api_key="secret") as (client, url, server):
        for number in (b"1", b"2"):
            assert await client.send(url, (b'{"n":', number, b"}")) == b"{}"
    assert (server.connections, server.bodies) == (1, [b'{"n":1}', b'{"n":2}'])
    assert all(b"Authorization: Bearer secret\r\n" in head and b"Host: 127.0.0.1:" in head for head in server.heads)
    assert all(head.count(b"Content-Length") == 1 and b"application/json" in head for head in server.heads)


@pytest.mark.parametrize(
    "reply",
    [
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n",
        OK + b"Connection: close\r\n\r\n[1,2]",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\n[1,2]",
    ],
)
async def test_answers_in_chunks_to_the_end_and_behind_an_interim_one_are_read_whole(reply: bytes) -> None:
    async with posting(reply, OK + b"Content-Length: 2\r\n\r\n{}") as (client, url, _):
        assert await client.send(url, (b"{}",)) == b"[1,2]"
        assert await client.send(url, (b"{}",)) == b"{}"


@pytest.mark.parametrize(
    "reply", [b"no HTTP at all\r\n\r\n", OK + b"Content-Length: 9\r\nConnection: close\r\n\r\n[1,2]"]
)
async def test_half_an_answer_and_none_are_a_server_that_failed(reply: bytes) -> None:
    async with posting(reply) as (client, url, _):
        with pytest.raises(ServerDown):
            await client.send(url, (b"{}",))


async def test_an_api_key_with_a_line_end_is_refused_before_it_is_sent() -> None:
    """A key that was read from a file with its last line end would else break every request in two."""
    async with posting(api_key="secret\r\nHost: other") as (client, url, server):
        with pytest.raises(TeacherRefused, match="api_key"):
            await client.send(url, (b"{}",))
    assert not server.heads
