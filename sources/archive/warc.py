"""Encodes and decodes raw responses as WARC/1.1 records (ISO 28500), readable by the tools of any web archive.

Each record is a separate gzip member, found by its offset. The server's bytes are inside a block whose length
the crawler writes, so no header or body can end a record early or forge another one.
"""

import io
import re
import zlib
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from fastwarc.warc import WarcRecord, WarcRecordType

from sources.urls import normalise

HEAD_BYTES = 16_000
"""Maximum bytes of headers per record; further headers are dropped."""
CHUNK_BYTES = 64 * 1024
LEVEL = 3
"""Level of compression: for pages, the usual 6 takes 2.4 times the CPU time and saves 13 % of the bytes."""
IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
REFERS_TO_FILE, REFERS_TO_OFFSET = "WARC-Refers-To-Filename", "WARC-Refers-To-File-Offset"
ORIGINAL = "X-Crawl-"
"""Prefix of headers that describe the body before decompression, the same as in Common Crawl's files."""
_TRANSFER_HEADERS = {"content-encoding", "content-length", "transfer-encoding"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_MEDIA_TYPE = re.compile(rb"^content-type: *([!-:<-~]+)", re.IGNORECASE | re.MULTILINE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


class WarcError(Exception):
    """A raw response cannot be written or read. The message names the file and the remedy."""


Locate = Callable[[str], Path]
"""Returns the path of a file of raw responses by its name in the lake."""


@dataclass(frozen=True)
class RecordLocation:
    """The file of a record in the lake, and its byte offset."""

    file: str
    offset: int


@dataclass(frozen=True)
class StoredResponse:
    """A raw response read from the archive."""

    url: str
    head: bytes
    """status line and headers"""
    body: bytes
    """decompressed"""
    record_id: str = ""
    date: str = ""
    """WARC-Date of its record"""

    @property
    def media_type(self) -> str:
        """The Content-Type header without parameters, such as text/html; empty if there is none."""
        found = _MEDIA_TYPE.search(self.head)
        return found[1].decode().lower() if found else ""


def info_record(file: str, info: Mapping[str, str]) -> bytes:
    """Encode the warcinfo record that a file begins with: software, format, changes made to responses."""
    block = "".join(f"{name}: {value}\r\n" for name, value in info.items()).encode()
    return _member(_record(WarcRecordType.warcinfo, block, {"WARC-Filename": file}))


def response_record(url: str, code: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """Encode one response with its decompressed body. Raises ValueError on a url that is not normalised.

    Invalid header names are dropped, and control characters in values become spaces.
    """
    if normalise(url) != url:
        raise ValueError(f"{url!r} is not a normalised url without credentials")
    head = _head(code, headers, len(body))
    names = {"WARC-Target-URI": url, "WARC-Payload-Digest": digest(body)}
    return _member(_record(WarcRecordType.response, head + body, names))


def revisit_record(
    url: str, code: int, headers: Mapping[str, str], original: StoredResponse, at: RecordLocation
) -> bytes:
    """Encode a response whose body is that of an earlier record, which lies at `at`: its head, and no body.

    The profile is that of an identical payload; the names of file and offset are those that web archives add to it.
    """
    names = {
        "WARC-Target-URI": url,
        "WARC-Profile": IDENTICAL_PAYLOAD,
        "WARC-Payload-Digest": digest(original.body),
        "WARC-Refers-To": original.record_id,
        "WARC-Refers-To-Target-URI": original.url,
        "WARC-Refers-To-Date": original.date,
        REFERS_TO_FILE: at.file,
        REFERS_TO_OFFSET: str(at.offset),
    }
    return _member(_record(WarcRecordType.revisit, _head(code, headers, len(original.body)), names))


def read_record(locate: Locate, at: RecordLocation, url: str) -> StoredResponse:
    """Read the response to `url` at a location and verify its digests; raises WarcError.

    A revisit has the body of the earlier response that it refers to. `locate` returns the path of a file by its name.
    """
    names, block, where = _read_block(locate, at, url)
    head, _, body = block.partition(b"\r\n\r\n")
    if names.get("WARC-Type") == "revisit":
        body = _original_body(locate, names, where)
    if names.get("WARC-Block-Digest") != digest(block) or names.get("WARC-Payload-Digest") != digest(body):
        raise WarcError(f"{where} is damaged: its digest differs. Restore the file from a copy of the lake.")
    return StoredResponse(url, head, body, names.get("WARC-Record-ID", ""), names.get("WARC-Date", ""))


def _original_body(locate: Locate, names: Mapping[str, str], where: str) -> bytes:
    file, offset = names.get(REFERS_TO_FILE, ""), names.get(REFERS_TO_OFFSET, "")
    if not file or not offset.isdigit():
        raise WarcError(f"{where} refers to an earlier response, but not to a file of this lake.")
    original = RecordLocation(file, int(offset))
    found, block, _ = _read_block(locate, original, names.get("WARC-Refers-To-Target-URI", ""))
    if found.get("WARC-Type") == "revisit":
        raise WarcError(f"{where} refers to a record without a body.")
    return block.partition(b"\r\n\r\n")[2]


def _read_block(locate: Locate, at: RecordLocation, url: str) -> tuple[dict[str, str], bytes, str]:
    """Return names and block of the record at a location, and a phrase that names it; raises WarcError."""
    path = locate(at.file)
    where = f"the raw response to {url} in {path} at byte {at.offset}"
    try:
        record = WarcRecord.from_reader(io.BytesIO(_decompressed(path, at.offset)))
        names, block = record.headers.to_dict(), record.reader.read()
    except FileNotFoundError as error:
        raise WarcError(f"{where} is gone: there is no such file. Restore it from a copy of the lake.") from error
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise WarcError(f"{where} is damaged: {error}. Restore the file from a copy of the lake.") from error
    if names.get("WARC-Target-URI") != url:
        raise WarcError(f"{where} is the response to another url. Restore the file from a copy of the lake.")
    return names, block, where


def digest(content: bytes) -> str:
    """Return the SHA-256 digest in WARC's notation, base32 with a prefix."""
    return "sha256:" + b32encode(sha256(content).digest()).decode()


def _record(kind: WarcRecordType, block: bytes, names: Mapping[str, str]) -> bytes:
    record = WarcRecord()
    record.init_headers(kind)
    record.record_date = datetime.now(UTC)
    for name, value in (dict(names) | {"WARC-Block-Digest": digest(block)}).items():
        record.headers.append(name, value)
    record.set_bytes_content(block)
    if kind in (WarcRecordType.response, WarcRecordType.revisit):
        record.is_http = True
    else:
        record.headers.append("Content-Type", "application/warc-fields")
    out = io.BytesIO()
    record.write(out)
    return out.getvalue()


def _member(record: bytes) -> bytes:
    compressor = zlib.compressobj(LEVEL, wbits=zlib.MAX_WBITS | 16)
    return compressor.compress(record) + compressor.flush()


def _decompressed(path: Path, offset: int) -> bytes:
    """Decompress the gzip member at an offset; zlib verifies its checksum."""
    inflate, pieces = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), []
    with path.open("rb") as file:
        file.seek(offset)
        while not inflate.eof:
            chunk = file.read(CHUNK_BYTES)
            if not chunk:
                raise EOFError("the file ends inside the record")
            pieces.append(inflate.decompress(chunk))
    return b"".join(pieces)


def _head(code: int, headers: Mapping[str, str], length: int) -> bytes:
    head = f"HTTP/1.1 {code:d} {_phrase(code)}\r\nContent-Length: {length}\r\n".encode()
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            continue
        clean = _CONTROLS.sub(" ", value).strip()
        stored_name = f"{ORIGINAL}{name.title()}" if name.lower() in _TRANSFER_HEADERS else name.title()
        line = f"{stored_name}: {clean}\r\n".encode("utf-8", "replace")
        if len(head) + len(line) <= HEAD_BYTES:
            head += line
    return head + b"\r\n"


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return "Unknown"
