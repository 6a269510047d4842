"""A stored HTTP response: status line, headers and the decoded body.

Archives keep headers as the server sent them, the body often decoded already: a body is decoded only if it is not.
"""

import re
from dataclasses import dataclass

from sources.http.decompress import BadCompression, Body
from sources.http.response_head import NotHttp, ResponseHead, parse_head

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")


class BadMessage(Exception):
    """The block is no HTTP response."""


@dataclass(frozen=True)
class StoredMessage:
    """One response."""

    code: int
    headers: dict[str, str]
    """by lower-case name"""
    body: bytes

    @property
    def media_type(self) -> str:
        """The Content-Type header without parameters; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def parse_message(block: bytes, max_bytes: int) -> StoredMessage:
    """Parse the block of a response record. Raises BadMessage, TooLarge if the decoded body exceeds the limit."""
    head, body = _parts(block)
    if head.is_chunked:
        body = _without_chunks(body)
    return StoredMessage(head.code, head.headers, _decoded(body, head.headers.get("content-encoding", ""), max_bytes))


def message_headers(block: bytes) -> dict[str, str]:
    """Return the headers of the block of a response record by lower-case name; none if it is no response."""
    try:
        return _parts(block)[0].headers
    except BadMessage:
        return {}


def _parts(block: bytes) -> tuple[ResponseHead, bytes]:
    """Split a block into head and body, read as those of a response that is fetched."""
    end = _HEAD_END.search(block)
    status, *lines = (block[: end.start()] if end else block).splitlines() or [b""]
    try:
        return parse_head(status, lines), block[end.end() :] if end else b""
    except NotHttp as error:
        raise BadMessage(str(error)) from error


def _without_chunks(body: bytes) -> bytes:
    """Join the chunks; a body that is not in chunks was joined by the archive and is returned as it is."""
    pieces, place = list[bytes](), 0
    while found := _CHUNK.match(body, place):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[found.end() : found.end() + size])
        place = found.end() + size
        place += 2 if body[place : place + 2] == b"\r\n" else 1
    return body if not pieces else b"".join(pieces)


def _decoded(body: bytes, encoding: str, max_bytes: int) -> bytes:
    try:
        decoded = Body(encoding, max_bytes)
        decoded.add(body)
        return decoded.whole()
    except BadCompression:  # the archive stores it decoded and kept the header
        plain = Body("", max_bytes)
        plain.add(body)
        return plain.whole()
