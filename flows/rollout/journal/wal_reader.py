"""SQLite's write-ahead log as pages: what stands in it after a broken frame, which SQLite does not read.

Only for salvage: pages are taken without their checksums, so whatever is read from them must be guarded
otherwise. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER, FRAME = 32, 24
PAGE_SIZES = {2**power for power in range(9, 17)}
ROLLBACK = b"\x01\x01"
"""Bytes 18 and 19 of a database that has no log."""


@dataclass(frozen=True)
class Frame:
    """A page as the log has it; `commits` where it ends a transaction."""

    page: int
    commits: bool
    content: bytes


def frames(journal: Path) -> Iterator[Frame]:
    """The frames of the journal's log in order, without those of logs that it has overwritten."""
    path = Path(f"{journal}-wal")
    log = path.read_bytes() if path.exists() else b""
    size = struct.unpack_from(">I", log, 8)[0] if len(log) >= HEADER else 0
    if size not in PAGE_SIZES:
        return
    for at in range(HEADER, len(log) - FRAME - size + 1, FRAME + size):
        page, pages = struct.unpack_from(">II", log, at)
        if log[at + 8 : at + 16] == log[16:24]:
            yield Frame(page, pages > 0, log[at + FRAME : at + FRAME + size])


def overlaid(journal: Path, copy: Path) -> None:
    """Write a copy of the journal in which every page is as the log has it last."""
    image = bytearray(journal.read_bytes())
    most = len(image) + Path(f"{journal}-wal").stat().st_size if Path(f"{journal}-wal").exists() else 0
    for frame in frames(journal):
        begin = (frame.page - 1) * len(frame.content)
        if 0 <= begin <= most:
            image.extend(bytes(max(0, begin - len(image))))
            image[begin : begin + len(frame.content)] = frame.content
    image[18:20] = ROLLBACK
    copy.write_bytes(image)
