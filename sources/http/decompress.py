"""Decompresses response bodies (gzip, deflate, Brotli, Zstandard) up to a limit: a small body can unpack to terabytes.

At most one step of 256 KiB is unpacked beyond the limit. An unknown Content-Encoding, such as `none` or `utf-8`,
means a body that is not compressed. Bytes after the end of a compressed stream are ignored.
"""

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP_BYTES = 256 * 1024
ACCEPTED = "gzip, deflate, br, zstd"
MAX_CODINGS = 4
GZIP_MAGIC = b"\x1f\x8b\x08"
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW_LOG = 23
"""Windows of at most 8 MiB, the limit for content codings (RFC 9659, 2024)."""
_REFUSED = {"compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"}
"""Registered codings that are not read."""


class TooLarge(Exception):
    """The body exceeds the limit, as sent or decompressed."""


class BadCompression(Exception):
    """The body does not match its Content-Encoding, or the coding is not read."""


class Decoder(Protocol):
    """Unpacks one coding."""

    complete: bool
    """the compressed stream has ended"""

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unpacks to, in steps. Raises BadCompression."""


class Body:
    """Collects the chunks of a body of at most `max_bytes` bytes, as sent and after decompression."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        """`encoding` is the Content-Encoding header. Raises BadCompression if a coding is not read."""
        self._decoders = [decoder() for decoder in reversed(_decoders(encoding))]
        self._sizes = [0] * (len(self._decoders) + 1)
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        """Add the next raw chunk. Raises TooLarge or BadCompression."""
        self._pass_on(chunk, 0)

    def complete(self) -> bool:
        """True if every compressed stream has ended, or nothing is compressed."""
        return not self._sizes[0] or all(decoder.complete for decoder in self._decoders)

    @property
    def is_compressed(self) -> bool:
        return bool(self._decoders)

    def whole(self) -> bytes:
        """Return the decompressed body; after TooLarge, its first `max_bytes` bytes."""
        return b"".join(self._pieces)

    def _pass_on(self, piece: bytes, level: int) -> None:
        room = self._max_bytes - self._sizes[level]
        self._sizes[level] += len(piece)
        if level == len(self._decoders):
            self._pieces.append(piece[:room])
        if len(piece) > room:
            raise TooLarge
        if level == len(self._decoders):
            return
        for unpacked in self._decoders[level].unpack(piece):
            self._pass_on(unpacked, level + 1)


def gunzipped(body: bytes, max_bytes: int) -> bytes:
    """Return the content of a gzip file; any other body unchanged. Raises TooLarge or BadCompression."""
    if body[:3] != GZIP_MAGIC:
        return body
    unpacked = Body("gzip", max_bytes)
    unpacked.add(body)
    return unpacked.whole()


def _decoders(encoding: str) -> list[type[Decoder]]:
    codings = [name.strip().lower() for name in encoding.split(",")]
    if refused := _REFUSED.intersection(codings):
        raise BadCompression(f"content encoding {refused.pop()!r} is not supported (accepted: {ACCEPTED})")
    found = [_DECODERS[name] for name in codings if name in _DECODERS]
    if len(found) > MAX_CODINGS:
        raise BadCompression(f"{len(found)} content encodings of one body; at most {MAX_CODINGS} are unpacked")
    return found


class _Gzip:
    """One or more gzip members; what follows them is ignored."""

    def __init__(self) -> None:
        self._inflate, self._rest, self.complete = zlib.decompressobj(_GZIP_WINDOW), b"", False

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        chunk, self._rest = self._rest + chunk, b""
        while chunk:
            if self.complete:
                if not GZIP_MAGIC.startswith(chunk[:3]):
                    return
                if len(chunk) < len(GZIP_MAGIC):
                    self._rest = chunk
                    return
                self._inflate, self.complete = zlib.decompressobj(_GZIP_WINDOW), False
            yield _inflated(self._inflate, chunk, "gzip")
            self.complete = self._inflate.eof
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data


class _Deflate:
    """A zlib stream or raw deflate: servers send both under this name, and the first two bytes distinguish them."""

    def __init__(self) -> None:
        self._inflate: zlib._Decompress | None = None
        self._start, self.complete = b"", False

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            self._start = chunk = self._start + chunk
            if len(chunk) < 2:
                return
            has_header = chunk[0] & 0x0F == 8 and int.from_bytes(chunk[:2], "big") % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        while chunk and not self.complete:
            yield _inflated(self._inflate, chunk, "deflate")
            self.complete = self._inflate.eof
            chunk = self._inflate.unconsumed_tail


class _Brotli:
    """One stream; what follows it is ignored, as browsers do, although the library refuses such input.

    A chunk with which it fails is given again byte by byte to a decoder that has read all before it, up to the end.
    """

    def __init__(self) -> None:
        self._decompressor, self.complete = brotli.Decompressor(), False
        self._sent, self._unpacked = bytearray(), 0

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        if self.complete:
            return
        start = len(self._sent)
        self._sent += chunk
        try:
            yield from self._counted(_brotli_steps(self._decompressor, chunk))
            self.complete = self._decompressor.is_finished()
        except brotli.error as error:
            yield from self._counted(self._up_to_end(start, error))

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._unpacked += len(piece)
            yield piece

    def _up_to_end(self, start: int, error: brotli.error) -> Iterator[bytes]:
        """Yield what is still missing of a stream that ends behind byte `start`. Raises BadCompression if none does."""
        known, decompressor = self._unpacked, brotli.Decompressor()
        parts = [bytes(self._sent[:start]), *(bytes([byte]) for byte in self._sent[start:])]
        try:
            for part in parts:
                for piece in _brotli_steps(decompressor, part):
                    yield piece[known:]
                    known -= min(known, len(piece))
                if decompressor.is_finished():
                    self.complete = True
                    return
        except brotli.error as second:
            error = second
        raise BadCompression(f"the body is not br: {error}") from error


def _brotli_steps(decompressor: brotli.Decompressor, chunk: bytes) -> Iterator[bytes]:
    """Yield all that is ready: a decoder that can take more input may hold output back still."""
    piece, is_ready = chunk, False
    while (piece or not is_ready) and not decompressor.is_finished():
        piece = decompressor.process(chunk, output_buffer_limit=STEP_BYTES)
        is_ready, chunk = decompressor.can_accept_more_data(), b""
        yield piece


class _Zstd:
    """One or more frames; what follows them is ignored."""

    def __init__(self) -> None:
        self._decompressor, self._rest, self.complete = _zstd_decompressor(), b"", False

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        chunk, self._rest = self._rest + chunk, b""
        while chunk or not (self.complete or self._decompressor.needs_input):
            if self.complete:
                if not _ZSTD_MAGIC.startswith(chunk[:4]):
                    return
                if len(chunk) < len(_ZSTD_MAGIC):
                    self._rest = chunk
                    return
                self._decompressor, self.complete = _zstd_decompressor(), False
            try:
                yield self._decompressor.decompress(chunk, STEP_BYTES)
            except zstd.ZstdError as error:
                raise BadCompression(f"the body is not zstd: {error}") from error
            self.complete = self._decompressor.eof
            chunk = self._decompressor.unused_data if self.complete else b""


_DECODERS: dict[str, type[Decoder]] = {
    "gzip": _Gzip, "x-gzip": _Gzip, "deflate": _Deflate, "br": _Brotli, "zstd": _Zstd,
}  # fmt: skip


def _zstd_decompressor() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def _inflated(inflate: "zlib._Decompress", chunk: bytes, name: str) -> bytes:
    try:
        return inflate.decompress(chunk, STEP_BYTES)
    except zlib.error as error:
        raise BadCompression(f"the body is not {name}: {error}") from error
