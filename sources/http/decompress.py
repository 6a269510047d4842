"""Decompresses response bodies (gzip, deflate) up to a limit: a small body can unpack to terabytes.

At most one step of 256 KiB is unpacked beyond the limit.
"""

import zlib

STEP_BYTES = 256 * 1024
GZIP_WINDOW = zlib.MAX_WBITS | 16
ACCEPTED = "gzip, deflate"


class TooLarge(Exception):
    """The decompressed body exceeds the limit."""


class BadCompression(Exception):
    """The body does not match its Content-Encoding, or the encoding is not among ACCEPTED."""


class Body:
    """Collects the chunks of a body of at most `max_bytes` bytes after decompression."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise BadCompression(f"content encoding {encoding!r} is not supported (accepted: {ACCEPTED})")
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._plain = self._encoding in ("", "identity")
        self._start = b""
        self._inflate: zlib._Decompress | None = None

    def add(self, chunk: bytes) -> None:
        """Add the next raw chunk. Raises TooLarge or BadCompression."""
        if self._plain:
            self._keep(chunk)
            return
        if self._inflate is None:  # the first two bytes distinguish the two formats of "deflate"
            self._start += chunk
            if len(self._start) < 2:
                return
            self._inflate, chunk = self._inflater(self._start), self._start
        try:
            self._unpack(chunk)
        except zlib.error as error:
            raise BadCompression(f"the body is not {self._encoding}: {error}") from error

    def complete(self) -> bool:
        """True if the body is not compressed, or its compressed stream has ended."""
        return self._inflate.eof if self._inflate else not self._start

    def whole(self) -> bytes:
        """Return the decompressed body."""
        return b"".join(self._pieces)

    def _unpack(self, chunk: bytes) -> None:
        while chunk and self._inflate is not None:
            if self._inflate.eof:  # a gzip body may consist of several members
                self._inflate = self._inflater(chunk)
            self._keep(self._inflate.decompress(chunk, STEP_BYTES))
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data

    def _inflater(self, start: bytes) -> "zlib._Decompress":
        if self._encoding != "deflate":
            return zlib.decompressobj(GZIP_WINDOW)
        zlib_header = start[:1] and start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise TooLarge
        self._pieces.append(piece)
