"""Records the SHA-256, size and rows of each part of the lake as it is written, in one small file per part.

The records tell a sound part from one with a flipped byte that still decodes, and show which parts are gone. They are
written after their part, so a killed writer leaves a part without a record, never a record that contradicts a part.
A part without a record is read all the same.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from schemas import sha256_file
from warehouse.objects import ObjectPath

FOLDER = "checksums"


@dataclass(frozen=True)
class PartChecksum:
    """The content of a part: SHA-256 of its bytes as hex, its size in bytes, its number of rows."""

    sha256: str
    size: int
    rows: int


def measured(file: Path, rows: int) -> PartChecksum:
    """The checksum of a file that holds `rows` rows; raises OSError."""
    return PartChecksum(sha256_file(file), file.stat().st_size, rows)


def checksum_path(root: Path, part: Path) -> Path:
    """The file that holds the checksum of a part of the lake at `root`."""
    return root / FOLDER / part.relative_to(root).with_suffix(".json")


def record(root: Path, part: Path, checksum: PartChecksum) -> None:
    """Store a part's checksum whole. Errors of a disk are ignored: a part without a record can be read."""
    path, text = checksum_path(root, part), json.dumps(asdict(checksum))
    if isinstance(path, ObjectPath):
        path.write_text(text)
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, "utf-8")
        temporary.replace(path)


def forget(root: Path, part: Path) -> None:
    """Remove a part's checksum, before the part is replaced."""
    with suppress(OSError):
        checksum_path(root, part).unlink()


def recorded(root: Path, part: Path) -> PartChecksum | None:
    """The recorded checksum of a part; None if there is none, or if its file is damaged."""
    try:
        found = PartChecksum(**json.loads(checksum_path(root, part).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if _is_valid(found) else None


def recorded_parts(root: Path, record_name: str) -> Iterator[Path]:
    """The paths of a record's parts that have a checksum, in name order; the parts themselves may be gone."""
    for path in sorted((root / FOLDER / record_name).glob("date=*/*.json")):
        yield root / path.relative_to(root / FOLDER).with_suffix(".parquet")


def _is_valid(found: PartChecksum) -> bool:
    try:
        return len(bytes.fromhex(found.sha256)) == 32 and found.size >= 0 and found.rows >= 0
    except (TypeError, ValueError):
        return False
