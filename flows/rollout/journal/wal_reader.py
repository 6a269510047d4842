"""Reads the pages of SQLite's write-ahead log, those after a broken frame too, which SQLite itself ignores.

Only for recovery: page checksums are not verified, so each row that is read from these pages must be verified by its
own checksum. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER, FRAME = 32, 24
"""Bytes of the log's header and of a frame's header."""
PAGE_SIZES = {2**power for power in range(9, 17)}
NO_WAL = b"\x01\x01"
"""Bytes 18 and 19 of a database without a write-ahead log (rollback mode)."""


@dataclass(frozen=True)
class Frame:
    """A page in the log, numbered from 1; `commits` is true if the frame ends a transaction."""

    page: int
    commits: bool
    content: bytes


def wal_frames(journal: Path) -> Iterator[Frame]:
    """Yield the frames of a journal's log in order, without stale frames of an earlier log (their salt differs)."""
    path = Path(f"{journal}-wal")
    log = path.read_bytes() if path.exists() else b""
    size = struct.unpack_from(">I", log, 8)[0] if len(log) >= HEADER else 0
    if size not in PAGE_SIZES:
        return
    for at in range(HEADER, len(log) - FRAME - size + 1, FRAME + size):
        page, pages = struct.unpack_from(">II", log, at)
        if log[at + 8 : at + 16] == log[16:24]:
            yield Frame(page, pages > 0, log[at + FRAME : at + FRAME + size])


def write_with_wal(journal: Path, copy: Path) -> None:
    """Write a copy of the journal in which every page has its newest content in the log."""
    image = bytearray(journal.read_bytes())
    longest = len(image) + Path(f"{journal}-wal").stat().st_size if Path(f"{journal}-wal").exists() else 0
    for frame in wal_frames(journal):
        begin = (frame.page - 1) * len(frame.content)
        if 0 <= begin <= longest:
            image.extend(bytes(max(0, begin - len(image))))
            image[begin : begin + len(frame.content)] = frame.content
    image[18:20] = NO_WAL
    copy.write_bytes(image)
