"""One HTTP/1.1 connection: sends a GET, and reads head and body of its response by the framing that it declares."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

from sources.http.response_head import NotHttp, ResponseHead, parse_head, parse_status

READ_BYTES = 64 * 1024
MAX_HEAD_BYTES = 256 * 1024
"""Maximum bytes of a status line and its headers, as in Chromium."""
_CHUNK_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,15})\s*(?:;.*)?", re.DOTALL)
_SWITCHING = 101
_WITHOUT_BODY = {204, 304}


class ConnectionLost(Exception):
    """The server closed the connection before the head of a response was complete."""


class BodyCutOff(Exception):
    """The body ended before its declared end, or its chunks are not framed as declared."""


class Connection:
    """An open connection that one request at a time uses."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._buffer = bytearray()
        self._head: ResponseHead | None = None
        self._whole = False
        self.idle_since = 0.0
        """time of the last response's end, on the monotonic clock; 0 before the first"""

    def close(self) -> None:
        """Close the connection at once."""
        self._writer.transport.abort()

    @property
    def is_reusable(self) -> bool:
        """True if the last response was read to its end and the server leaves the connection open."""
        open_ended = self._reader.at_eof() or self._writer.is_closing() or bool(self._buffer)
        return self._whole and not open_ended and self._head is not None and self._head.keeps_alive

    async def request(self, message: bytes) -> ResponseHead:
        """Send a request and read the head of its response. Raises ConnectionLost, NotHttp or OSError."""
        self._whole = False
        self._writer.write(message)
        await self._writer.drain()
        while (head := await self._read_head()).code < 200:  # such as 103 Early Hints, before the response itself
            if head.code == _SWITCHING:
                raise NotHttp("the server switched to another protocol")
        self._head = head
        return head

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body of the response, chunks decoded. Raises BodyCutOff, NotHttp or OSError."""
        head = self._head
        if head is None or head.code in _WITHOUT_BODY:
            pieces = self._exactly(0)
        elif head.is_chunked:
            pieces = self._chunks()
        else:
            pieces = self._to_close() if head.length is None else self._exactly(head.length)
        async for piece in pieces:
            yield piece
        self._whole = True
        self.idle_since = time.monotonic()

    async def _read_head(self) -> ResponseHead:
        left = MAX_HEAD_BYTES
        status = b""
        while not status.strip():
            status = await self._line(left)
            left -= len(status)
        parse_status(status)
        lines = []
        while line := (await self._line(left)).rstrip(b"\r\n"):
            lines.append(line)
            left -= len(line)
        return parse_head(status, lines)

    async def _line(self, limit: int) -> bytes:
        """Read a line with its end. Raises NotHttp if it is longer than `limit`, ConnectionLost if there is none."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > limit or not await self._fill():
                break
        if end > limit or (end < 0 and len(self._buffer) > limit):
            raise NotHttp(f"the headers are longer than {MAX_HEAD_BYTES} bytes")
        if end < 0:
            raise ConnectionLost("the server closed the connection before the response was complete")
        return self._take(end + 1)

    async def _fill(self) -> bool:
        piece = await self._reader.read(READ_BYTES)
        self._buffer += piece
        return bool(piece)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _exactly(self, count: int) -> AsyncIterator[bytes]:
        missing = count
        while missing:
            if not self._buffer and not await self._fill():
                raise BodyCutOff(f"{missing} of {count} bytes are missing")
            piece = self._take(min(missing, len(self._buffer)))
            missing -= len(piece)
            yield piece

    async def _to_close(self) -> AsyncIterator[bytes]:
        while self._buffer or await self._fill():
            yield self._take(len(self._buffer))

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := await self._chunk_size():
            async for piece in self._exactly(size):
                yield piece
            if (await self._chunk_line()).strip():
                raise BodyCutOff("a chunk is longer than it declares")
        left = MAX_HEAD_BYTES
        while (trailer := await self._chunk_line(at_end=True)).strip() and left > 0:
            left -= len(trailer)

    async def _chunk_size(self) -> int:
        line = await self._chunk_line()
        found = _CHUNK_SIZE.fullmatch(line.strip())
        if found is None:
            raise BodyCutOff(f"{line[:40]!r} is not the size of a chunk")
        return int(found[1], 16)

    async def _chunk_line(self, *, at_end: bool = False) -> bytes:
        try:
            return await self._line(MAX_HEAD_BYTES)
        except ConnectionLost as error:
            if at_end:  # servers close the connection right after the last chunk
                return b""
            raise BodyCutOff("the last chunk is missing") from error
