"""SQLite's write-ahead log as bytes: were commits lost in it that SQLite would pass over in silence?

SQLite reads a log up to its first broken frame and takes the rest for a write that was cut short. A frame
of the same log that ends a transaction after that point says otherwise: what follows was committed, and
is lost. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER, FRAME = 32, 24
MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""First word of a log: the order of bytes in which checksums read words."""


@dataclass(frozen=True)
class Frame:
    """A page of the log that was not overwritten since the log began; `intact` up to the first broken one."""

    page: int
    commits: bool
    intact: bool
    content: bytes


def lost_commits(journal: Path) -> int:
    """Transactions in the journal's log that stand after its first broken frame; 0 for a log that is whole.

    A log without a readable header counts as one.
    """
    log = _log(journal)
    if len(log) > HEADER and _order(log) is None:
        return 1
    return sum(frame.commits and not frame.intact for frame in frames(journal))


def frames(journal: Path) -> Iterator[Frame]:
    """The frames of the journal's log in order."""
    log = _log(journal)
    order = _order(log)
    if order is None:
        return
    size, salts = struct.unpack_from(">I", log, 8)[0] or 65536, log[16:24]
    sums, intact = checksum(log[:24], order, (0, 0)), True
    for at in range(HEADER, len(log) - FRAME - size + 1, FRAME + size):
        page, pages = struct.unpack_from(">II", log, at)
        if log[at + 8 : at + 16] != salts:
            intact = False
            continue
        content = log[at + FRAME : at + FRAME + size]
        if intact:
            sums = checksum(log[at : at + 8] + content, order, sums)
            intact = sums == struct.unpack_from(">II", log, at + 16)
        yield Frame(page, pages > 0, intact, content)


def checksum(raw: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum of a log, which goes on from one frame to the next."""
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(raw) // 4}I", raw))
    for word in words:
        first = (first + word + second) & 0xFFFFFFFF
        second = (second + next(words) + first) & 0xFFFFFFFF
    return first, second


def _log(journal: Path) -> bytes:
    path = Path(f"{journal}-wal")
    return path.read_bytes() if path.exists() else b""


def _order(log: bytes) -> str | None:
    """The order of bytes of a log's checksums; None when its header is broken."""
    if len(log) < HEADER:
        return None
    order = MAGIC.get(struct.unpack_from(">I", log)[0])
    if order is None or checksum(log[:24], order, (0, 0)) != struct.unpack_from(">II", log, 24):
        return None
    return order
