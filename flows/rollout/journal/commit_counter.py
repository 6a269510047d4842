"""A count of the journal's commits, kept beside it: what the journal lost without a trace is missed.

SQLite takes a log that was cut short, flipped or deleted for one that ended there, and an old copy of the
file for the newest. The count is written after each commit is on the disk, so it never claims too much.
"""

import os
import zlib
from contextlib import suppress
from pathlib import Path

DIGITS = 20


class Witness:
    """The open count; its file is the journal's name and `-witness`."""

    def __init__(self, journal: Path) -> None:
        self._file = os.open(where(journal), os.O_RDWR | os.O_CREAT, 0o644)

    def note(self, commits: int) -> None:
        """Write the count down; one that cannot be written stays as it was, which is harmless."""
        said = b"%0*d" % (DIGITS, commits)
        with suppress(OSError):
            os.pwrite(self._file, said + b" %08x\n" % zlib.crc32(said), 0)

    def close(self) -> None:
        """Leave the count as it is."""
        os.close(self._file)


def where(journal: Path) -> Path:
    """The file that holds the count."""
    return Path(f"{journal}-witness")


def commits_seen(journal: Path) -> int:
    """Commits that the journal had when it was last written; 0 when nothing readable says."""
    with suppress(OSError, ValueError):
        said, checksum = where(journal).read_bytes().split()
        if int(checksum, 16) == zlib.crc32(said):
            return int(said)
    return 0
