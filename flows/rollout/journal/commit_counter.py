"""Counts the journal's commits in a second file, to detect commits that SQLite lost silently.

SQLite treats a write-ahead log that was truncated, corrupted or deleted as one that ended there, and accepts an old
copy of the file as the newest. The counter is written after each commit has reached the disk, so it is never ahead of
the journal.
"""

import os
import zlib
from contextlib import suppress
from pathlib import Path

DIGITS = 20


class CommitCounter:
    """The open counter of a journal; its file is named after the journal, with the suffix `-witness`."""

    def __init__(self, journal: Path) -> None:
        self._file = os.open(counter_path(journal), os.O_RDWR | os.O_CREAT, 0o644)

    def write(self, commits: int) -> None:
        """Store the number of commits. A failed write is ignored: a counter that is too low is harmless."""
        count = b"%0*d" % (DIGITS, commits)
        with suppress(OSError):
            os.pwrite(self._file, count + b" %08x\n" % zlib.crc32(count), 0)

    def close(self) -> None:
        """Close the file; the count stays."""
        os.close(self._file)


def counter_path(journal: Path) -> Path:
    """Return the path of a journal's counter."""
    return Path(f"{journal}-witness")


def read_commit_count(journal: Path) -> int:
    """Return the counted commits of a journal; 0 if the counter is missing or damaged."""
    with suppress(OSError, ValueError):
        count, checksum = counter_path(journal).read_bytes().split()
        if int(checksum, 16) == zlib.crc32(count):
            return int(count)
    return 0
