"""One raw reply as a record of a WARC/1.1 file (ISO 28500), so that any web archive's tool can read what was fetched.

A record is a gzip member of its own, found by its offset alone. What a server wrote stands inside the block,
whose length is ours: no header or body can end a record early or begin another.
"""

import io
import re
import zlib
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from fastwarc.warc import WarcRecord, WarcRecordType

from sources.urls import normalise

HEAD_BYTES = 16_000
"""Most bytes of headers kept; what a server sends beyond is left out."""
CHUNK_BYTES = 64 * 1024
ORIGINAL = "X-Crawl-"
"""How Common Crawl, too, names the headers that spoke of the body as it was sent, before it was decompressed."""
_ON_THE_WAY = {"content-encoding", "content-length", "transfer-encoding"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_MEDIA_TYPE = re.compile(rb"^content-type: *([!-:<-~]+)", re.IGNORECASE | re.MULTILINE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class WarcError(Exception):
    """A raw reply cannot be written or read; the message names the file and says what to do."""


@dataclass(frozen=True)
class StoredResponse:
    """A reply as it was kept."""

    url: str
    head: bytes
    """status line and headers"""
    body: bytes
    """decompressed"""

    @property
    def media_type(self) -> str:
        """What the headers call the body, such as text/html; empty when they do not say."""
        found = _MEDIA_TYPE.search(self.head)
        return found[1].decode().lower() if found else ""


def info_record(file: str, facts: Mapping[str, str]) -> bytes:
    """The gzip member that a file begins with: who wrote it, and what is different from what was sent."""
    block = "".join(f"{name}: {value}\r\n" for name, value in facts.items()).encode()
    return _member(_record(WarcRecordType.warcinfo, block, {"WARC-Filename": file}))


def response_record(url: str, code: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """The gzip member of one reply, with its decompressed body; raises ValueError on a url with credentials, or none.

    Headers that are no headers are left out, and control characters in them become spaces.
    """
    if normalise(url) != url:
        raise ValueError(f"{url!r} is no normalised url without credentials")
    head = _head(code, headers, len(body))
    names = {"WARC-Target-URI": url, "WARC-Payload-Digest": digest(body)}
    return _member(_record(WarcRecordType.response, head + body, names))


def read_record(path: Path, offset: int, url: str) -> StoredResponse:
    """The reply to `url` that stands at an offset of a file, its digests verified; raises WarcError."""
    where = f"the raw reply to {url} in {path} at byte {offset}"
    try:
        record = WarcRecord.from_reader(io.BytesIO(_unpacked(path, offset)))
        names, block = record.headers.to_dict(), record.reader.read()
    except FileNotFoundError as error:
        raise WarcError(f"{where} is gone: there is no such file. Put it back from a copy of the lake.") from error
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise WarcError(f"{where} is damaged: {error}. Put the file back from a copy of the lake.") from error
    head, _, body = block.partition(b"\r\n\r\n")
    if names.get("WARC-Block-Digest") != digest(block) or names.get("WARC-Payload-Digest") != digest(body):
        raise WarcError(f"{where} is damaged: its digest is another. Put the file back from a copy of the lake.")
    if names.get("WARC-Target-URI") != url:
        raise WarcError(f"{where} is the reply to another url. Put the file back from a copy of the lake.")
    return StoredResponse(url, head, body)


def digest(content: bytes) -> str:
    """SHA-256 as WARC names it."""
    return "sha256:" + b32encode(sha256(content).digest()).decode()


def _record(kind: WarcRecordType, block: bytes, names: Mapping[str, str]) -> bytes:
    record = WarcRecord()
    record.init_headers(kind)
    record.record_date = datetime.now(UTC)
    for name, value in (dict(names) | {"WARC-Block-Digest": digest(block)}).items():
        record.headers.append(name, value)
    record.set_bytes_content(block)
    if kind == WarcRecordType.response:
        record.is_http = True
    else:
        record.headers.append("Content-Type", "application/warc-fields")
    out = io.BytesIO()
    record.write(out)
    return out.getvalue()


def _member(record: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return compressor.compress(record) + compressor.flush()


def _unpacked(path: Path, offset: int) -> bytes:
    """The gzip member at an offset, its checksum verified."""
    inflate, pieces = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), []
    with path.open("rb") as file:
        file.seek(offset)
        while not inflate.eof:
            chunk = file.read(CHUNK_BYTES)
            if not chunk:
                raise EOFError("it ends too early")
            pieces.append(inflate.decompress(chunk))
    return b"".join(pieces)


def _head(code: int, headers: Mapping[str, str], length: int) -> bytes:
    head = f"HTTP/1.1 {code:d} {_phrase(code)}\r\nContent-Length: {length}\r\n".encode()
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            continue
        said = _CONTROLS.sub(" ", value).strip()
        kept = f"{ORIGINAL}{name.title()}" if name.lower() in _ON_THE_WAY else name.title()
        line = f"{kept}: {said}\r\n".encode("utf-8", "replace")
        if len(head) + len(line) <= HEAD_BYTES:
            head += line
    return head + b"\r\n"


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Unknown"
