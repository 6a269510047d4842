"""The records of a WARC file one after the other, from a stream, also behind a damaged place.

Each record of a compressed archive is a gzip member, so that reading can go on at the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from sources.warc.file_end import is_cut_off

MAX_DAMAGES = 200
"""Damaged places after which a file is given up."""
MAX_HEADER_BYTES = 128 * 1024
_STARTS = (b"\x1f\x8b\x08", b"WARC/1.")
_STEP = 1024 * 1024
_TYPES = (
    WarcRecordType.response
    | WarcRecordType.resource
    | WarcRecordType.conversion
    | WarcRecordType.revisit
    | WarcRecordType.metadata
)


@dataclass(frozen=True)
class ArchiveRecord:
    """One record; its content can be read until the next one is asked for."""

    number: int
    """from 0, over all records that are read"""
    kind: str
    """response, resource, conversion, revisit or metadata"""
    uri: str
    date: datetime | None
    digest: str | None
    """of the payload, as the archive states it"""
    length: int
    """bytes of the block, of the HTTP headers too"""
    content_type: str
    _record: WarcRecord

    def block(self) -> bytes:
        """Return the block. Raises EOFError if the file ends inside it, OSError if it is damaged."""
        content = bytes(self._record.reader.read())
        if len(content) < self.length:
            raise EOFError(f"the record holds {len(content)} of {self.length} bytes")
        return content


class DamagedPlaces(Exception):
    """Parts of the file could not be read; raised after all else has been."""


def archive_records(file: BinaryIO) -> Iterator[ArchiveRecord]:
    """Yield the records of a file. Raises DamagedPlaces at the end if parts of it could not be read."""
    start: int | None = 0
    number, last, damages = 0, 0, list[str]()
    while start is not None and len(damages) < MAX_DAMAGES:
        file.seek(start)
        last = start
        try:
            every = WarcRecordType.any_type
            for record in ArchiveIterator(file, every, parse_http=False, max_header_len=MAX_HEADER_BYTES):
                last = max(last, record.stream_pos)
                if record.record_type & _TYPES:
                    yield _archive_record(number, record)
                    number += 1
            start = None
            if is_cut_off(file, last):
                damages.append(f"after byte {last}: the file ends inside a record")
                start = _next_member(file, last + 1)
        except (OSError, ValueError) as error:
            damages.append(f"after byte {last}: {error}")
            start = _next_start(file, last + 1)
    if damages:
        raise DamagedPlaces(f"{len(damages)} damaged places, the first {damages[0]}")


def _archive_record(number: int, record: WarcRecord) -> ArchiveRecord:
    names = record.headers
    return ArchiveRecord(
        number,
        str(record.record_type),
        str(names.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">"),
        record.record_date,
        names.get("WARC-Payload-Digest") or None,
        int(record.content_length),
        str(names.get("Content-Type") or ""),
        record,
    )


def _next_member(file: BinaryIO, place: int) -> int | None:
    """The place of the next gzip member from `place` on: a damaged head makes a member read as the file's last one."""
    return _next_start(file, place, _STARTS[:1])


def _next_start(file: BinaryIO, place: int, starts: tuple[bytes, ...] = _STARTS) -> int | None:
    """Return the place of the next gzip member or uncompressed record from `place` on; None if there is none."""
    file.seek(place)
    window, base = b"", place
    while chunk := file.read(_STEP):
        window += chunk
        if found := [at for mark in starts if (at := window.find(mark)) >= 0]:
            return base + min(found)
        base += len(window) - 8
        window = window[-8:]
    return None
