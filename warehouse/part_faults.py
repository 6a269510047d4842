"""Examines one part of the lake: is it a Parquet file of its record, whole, and with the bytes that were written?

A cheap look reads the footer; a whole look also hashes the file and decodes every page of every column. Each fault has
a code that can be counted and a phrase that completes "<file> cannot be read: ...".
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import Record, arrow_schema, sha256_file
from schemas.record import SCHEMA_VERSION
from schemas.renames import COLUMNS
from warehouse import part_checksums
from warehouse.lake import REPAIR_HINT, Lake, LakeDamaged
from warehouse.objects import ObjectPath, parquet_source

MAGIC = b"PAR1"
BATCH_ROWS = 1_024
READ_ERRORS = (OSError, pa.ArrowException, ValueError)
"""Errors of pyarrow on a damaged file: it raises OSError, ArrowInvalid and, for some metadata, ValueError."""


@dataclass(frozen=True)
class Fault:
    """A damaged file of the lake."""

    path: Path
    record: str
    """The record of the part; `raw` or `lake` for other files."""
    code: str
    phrase: str
    rows: int | None = None
    """Rows of the part as it was written; None if that is not known."""
    original: Path | None = None
    """The path of the part whose bytes the file holds, if it is sound under another name."""

    def error(self) -> LakeDamaged:
        """The error of a reader of this file."""
        return damaged(self.path, self.phrase)


def damaged(path: Path, phrase: str) -> LakeDamaged:
    """The error that names a damaged file, the reason and the next step."""
    return LakeDamaged(f"{path} cannot be read: {phrase}. {REPAIR_HINT}")


@contextmanager
def open_part(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a part for pyarrow; errors of the block that the file causes are raised as LakeDamaged."""
    try:
        with pq.ParquetFile(parquet_source(path), pre_buffer=isinstance(path, ObjectPath)) as part:
            yield part
    except READ_ERRORS as error:
        found = file_fault(path)
        raise damaged(path, found[1] if found else str(error)) from error


def examine(lake: Lake, model: type[Record], path: Path, *, whole: bool) -> Fault | None:
    """The fault of a part, None if it is sound. `whole` also compares its checksum and decodes all of it."""
    recorded = part_checksums.recorded(lake.root, path)
    found = file_fault(path) or _content_fault(lake, model, path, recorded, whole=whole)
    return Fault(path, model.record, *found, recorded.rows if recorded else None) if found else None


def find_copies(lake: Lake, parts: Iterable[tuple[type[Record], Path]]) -> Iterator[Fault]:
    """Yields parts without a checksum that have the bytes of another part of their record: their rows count twice.

    Only files of equal size are hashed.
    """
    alike: dict[tuple[str, int], list[Path]] = defaultdict(list)
    for model, path in parts:
        alike[model.record, path.stat().st_size].append(path)
    for (record, _), paths in alike.items():
        first: dict[str, Path] = {}
        placed = [(part_checksums.recorded(lake.root, path), path) for path in paths] if len(paths) > 1 else []
        for recorded, path in sorted(placed, key=lambda one: (one[0] is None, one[1])):
            original = first.setdefault(recorded.sha256 if recorded else sha256_file(path), path)
            if original != path and not recorded and pq.read_metadata(parquet_source(path)).num_rows:
                yield Fault(path, record, "copy", f"it is a copy of {original.name}")


def file_fault(path: Path) -> tuple[str, str] | None:
    """The code and phrase of a path that is no readable Parquet file, judged by its first and last bytes."""
    try:
        if path.is_dir():
            return "directory", "it is a folder, not a file"
        with path.open("rb") as file:
            head = file.read(4)
            size = path.stat().st_size
            file.seek(max(0, size - 4))
            tail = file.read(4)
    except FileNotFoundError:
        return ("broken_link", "it links to a file that is gone") if path.is_symlink() else ("missing", "it is gone")
    except OSError as error:
        return "unreadable", f"the system refuses it ({error.strerror})"
    if not size:
        return "empty", "it is empty"
    if head != MAGIC:
        return "foreign", "it is not a Parquet file"
    return None if tail == MAGIC and size > 8 else ("truncated", "its footer is missing (the file is truncated)")


def _content_fault(
    lake: Lake, model: type[Record], path: Path, recorded: part_checksums.PartChecksum | None, *, whole: bool
) -> tuple[str, str] | None:
    try:
        with pq.ParquetFile(parquet_source(path), page_checksum_verification=True) as part:
            if wrong := _schema_fault(model, part.schema_arrow):
                return "schema", wrong
            if recorded and part.metadata.num_rows != recorded.rows:
                return "rows", f"it has {part.metadata.num_rows} rows, not the {recorded.rows} that were written"
            if not whole:
                return None
            if recorded and recorded.sha256 != sha256_file(path):
                return "checksum", "its bytes are not those that were written"
            return _decoding_fault(model, part, path)
    except READ_ERRORS as error:
        return "footer", f"its footer is damaged ({_first_line(error)})"


def _schema_fault(model: type[Record], found: pa.Schema) -> str | None:
    """A phrase if the columns are not the record's: a part may lack newer ones, which admit null, or have more."""
    expected, version = arrow_schema(model), (found.metadata or {}).get(b"horizon_schema_version", b"1")
    renamed = COLUMNS.get(model.record, {}) if version != SCHEMA_VERSION.encode() else {}
    types = {renamed.get(field.name, field.name): field.type for field in found}
    if lacking := [field.name for field in expected if not field.nullable and field.name not in types]:
        return f"it is no part of {model.record}: it lacks the columns {', '.join(lacking[:3])}"
    changed = [field.name for field in expected if field.name in types and types[field.name] != field.type]
    return f"its columns {', '.join(changed[:3])} have other types than {model.record}" if changed else None


def _decoding_fault(model: type[Record], part: pq.ParquetFile, path: Path) -> tuple[str, str] | None:
    """Decode every page of every column, in batches."""
    required = {field.name for field in arrow_schema(model) if not field.nullable}
    rows, of_run, day = 0, False, path.parent.name.removeprefix("date=")
    try:
        for batch in part.iter_batches(BATCH_ROWS):
            batch.validate(full=True)
            rows += batch.num_rows
            if nulls := [name for name in batch.schema.names if name in required and batch[name].null_count]:
                return "pages", f"its column {nulls[0]} has nulls, which the record does not admit"
            runs = batch["run_id"].unique().to_pylist() if "run_id" in batch.schema.names else [day]
            of_run = of_run or any(str(run).startswith(day) for run in runs)
    except READ_ERRORS as error:
        return "pages", f"a page of it is damaged ({_first_line(error)})"
    if rows != part.metadata.num_rows:
        return "rows", f"its footer counts {part.metadata.num_rows} rows, its pages hold {rows}"
    return None if of_run or not rows else ("other_run", f"none of its rows is of the run of {day}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:200]
