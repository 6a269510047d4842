"""The lake of Parquet parts, one folder per record: their paths, atomic writes, and the schema version.

No other module knows the paths or writes parts. A part appears whole (temporary name, fsync, rename; or one put) and
never changes afterwards, so readers need no lock and a killed writer leaves either the part or nothing. Work that is
repeated after a kill writes a part of the same name with the same rows, so no row is stored twice. A small file holds
the lake's schema version: a lake with the column names of another version is refused, and `factory lake migrate`
rewrites it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import FileIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import RECORDS, Record, arrow_schema, table
from schemas.record import SCHEMA_VERSION, day_of
from warehouse import part_checksums
from warehouse.lake_errors import REPAIR_HINT, LakeCompacted, LakeDamaged, LakeError
from warehouse.objects import ObjectPath
from warehouse.objects.replaced import visible_parts
from warehouse.parquet_encoding import encodings, row_groups
from warehouse.part_checksums import FOLDER as CHECKSUMS
from warehouse.whole_files import replacing, sync

__all__ = [
    "DAMAGED", "EMPTY_PARTITION", "FIRST_VERSION", "REPAIR_HINT", "VERSION_FILE",
    "Lake", "LakeCompacted", "LakeDamaged", "LakeError", "PartName", "replacing", "sync", "write_groups",
]  # fmt: skip

EMPTY_PARTITION = "date=0001-01-01"
RAW = "raw"
DAMAGED = "damaged"
"""Folder of the parts and raw files that a repair set aside, under the paths that they had in the lake."""
VERSION_FILE = "schema_version.json"
FIRST_VERSION = "1"
"""Schema version of a lake with parts but without VERSION_FILE: the file exists since version 2."""

_PREPARED: set[str] = set()
"""Lakes in buckets that this process prepared: each look at version and empty parts takes a request per file."""


@dataclass(frozen=True)
class PartName:
    """The name of a part: the night of the run (its ISO form is the run_id), the worker that wrote it, and a number."""

    day: date
    worker: str
    seq: int

    @property
    def file(self) -> str:
        """The file name, such as `2026-11-20-rollout-000000.parquet`."""
        return f"{self.day.isoformat()}-{self.worker}-{self.seq:06d}.parquet"


class Lake:
    """A directory or bucket of parts: `<root>/<record>/date=YYYY-MM-DD/<run>-<worker>-<seq>.parquet`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.local = root.bucket.local if isinstance(root, ObjectPath) else root
        """Folder of this machine that holds the raw responses, also of a lake in a bucket."""

    def prepare(self) -> None:
        """Write the schema version, and one empty part per record so that views bind before the first row exists.

        An empty part with other bytes, damaged or of an earlier factory, is replaced. Raises LakeError on another
        version.
        """
        self._ensure_version()
        if str(self.root) in _PREPARED:
            return
        for model in RECORDS:
            part, content = self.empty_part(model), _empty_part(model)
            if isinstance(part, ObjectPath):
                part.write_bytes(content)
            elif not part.is_file() or part.read_bytes() != content:
                with replacing(part) as temporary:
                    temporary.write_bytes(content)
        if isinstance(self.root, ObjectPath):
            _PREPARED.add(str(self.root))

    def version(self) -> str | None:
        """The schema version of the lake; None if it has no parts yet. Raises LakeError if its file is damaged."""
        path = self.root / VERSION_FILE
        try:
            return str(int(json.loads(path.read_text("utf-8"))["schema_version"]))
        except FileNotFoundError:
            return FIRST_VERSION if any(self.parts(model) for model in RECORDS) else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LakeError(
                f"cannot read {path}: {error!r}. Delete it, then run `factory lake migrate`, which reads the version "
                "of every part."
            ) from error

    def check_version(self) -> str | None:
        """The schema version, None if the lake has no parts yet; raises LakeError if it is not this factory's."""
        if str(self.root) in _PREPARED:
            return SCHEMA_VERSION
        version = self.version()
        if version in (None, SCHEMA_VERSION):
            return version
        newer = int(version or 0) > int(SCHEMA_VERSION)
        raise LakeError(
            f"the lake {self.root.absolute()} has schema version {version}, but this factory reads version "
            f"{SCHEMA_VERSION}: {'upgrade the factory' if newer else 'run `factory lake migrate`'}"
        )

    def write_version(self, version: str = SCHEMA_VERSION) -> None:
        """Write a schema version, the current one by default, to VERSION_FILE, whole by rename."""
        path = self.root / VERSION_FILE
        with replacing(path) as temporary:
            temporary.write_text(json.dumps({"schema_version": version}) + "\n", "utf-8")

    def empty_part(self, model: type[Record]) -> Path:
        """The path of the part without rows, which has every column that the record has now."""
        return self.root / model.record / EMPTY_PARTITION / "empty.parquet"

    def at(self, path: str) -> Path:
        """The path that `str` of a part's absolute path, or DuckDB's column `filename`, names."""
        if not isinstance(self.root, ObjectPath):
            return Path(path)
        return self.root / path.removeprefix(f"{self.root}/")

    def glob(self, model: type[Record]) -> str:
        """The pattern that matches every part of the record, for DuckDB's read_parquet."""
        return str(self.root.absolute() / model.record / "*" / "*.parquet")

    def part(self, model: type[Record], name: PartName) -> Path:
        """The path of a part by its name."""
        return self.root / model.record / f"date={day_of(name.day)}" / name.file

    def files(self, model: type[Record], folder: str = "*") -> list[Path]:
        """Every file that readers of the record open, in name order, misplaced ones and the empty part among them."""
        if isinstance(self.root, ObjectPath):
            return [*visible_parts(self.root, model.record, folder)]
        return sorted((self.root / model.record).glob(f"{folder}/*.parquet"))

    def parts(self, model: type[Record], day: date | None = None) -> list[Path]:
        """The record's parts in name order, of one day (all its nights) or of all days; without the empty part."""
        found = self.files(model, f"date={day_of(day)}" if day else "date=*")
        return [path for path in found if path.parent.name != EMPTY_PARTITION]

    def next_part(self, day: date, worker: str, *models: type[Record]) -> PartName:
        """The name after the last part of a worker's night in these records, lost and set-aside parts included.

        A name is never used twice, so that no part replaces another.
        """
        stem, roots = f"{day.isoformat()}-{worker}-", (self.root, *(self.root / name for name in (DAMAGED, CHECKSUMS)))
        folders = [root / model.record / f"date={day_of(day)}" for root in roots for model in models]
        numbers = [path.name.removeprefix(stem)[:6] for folder in folders for path in folder.glob(f"{stem}*")]
        return PartName(day, worker, max((int(number) for number in numbers if number.isdecimal()), default=-1) + 1)

    def new_raw(self, day: date, worker: str) -> tuple[str, FileIO]:
        """Create a WARC file for raw responses; returns its name under the lake and the open, unbuffered file."""
        self.check_version()
        folder = self.local / RAW / f"date={day_of(day)}"
        folder.mkdir(parents=True, exist_ok=True)
        seq = len(list(folder.glob(f"*-{worker}-*.warc.gz")))
        while (path := folder / f"{day.isoformat()}-{worker}-{seq:06d}.warc.gz").exists():
            seq += 1
        file = FileIO(path, "xb")
        sync(folder)
        return path.relative_to(self.local).as_posix(), file

    def raw(self, name: str) -> Path:
        """The path of a raw file by its name under the lake; raises LakeError for a name outside the raw folder.

        A file that a repair set aside is read from there: the responses before and after its damage are intact.
        """
        path = (self.local / name).resolve()
        if not path.is_relative_to((self.local / RAW).resolve()):
            raise LakeError(f"{name!r} is not a file of raw responses of {self.local}")
        aside = self.local / DAMAGED / path.relative_to(self.local.resolve())
        return aside if aside.is_file() and not path.exists() else path

    def write(self, model: type[Record], rows: Iterable[Record], name: PartName) -> Path:
        """Write rows as one part and return its path; raises LakeError if they do not fit the schema."""
        try:
            part = table(model, rows)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
            raise LakeError(f"rows of {model.record} do not fit its schema: {error}") from error
        return self.write_table(model, part, name)

    def write_table(self, model: type[Record], part: pa.Table, name: PartName) -> Path:
        """Write an Arrow table as one part; raises LakeError for another schema or a null in a required column."""
        return self.write_batches(model, part.schema, part.to_batches(), name)

    def write_batches(
        self, model: type[Record], schema: pa.Schema, batches: Iterable[pa.RecordBatch], name: PartName
    ) -> Path:
        """Write a stream of batches as one part, which appears once the last batch is on disk.

        Raises LakeError for a lake of another version, another schema, a null in a required column, or a disk error.
        """
        self.check_version()
        expected = arrow_schema(model)
        if not schema.equals(expected):
            raise LakeError(f"a part of {model.record} has schema\n{schema}\nbut the record is\n{expected}")
        path = self.part(model, name)
        groups = row_groups(expected, (_without_null(model, batch) for batch in batches))
        self.replace_part(path, expected, self._versioned(groups))
        return path

    def replace_part(self, path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
        """Write row groups to the path of a part, whole by rename; the schema may be of another version.

        Only migrations and repeated work replace a part that holds rows. Its checksum is recorded after it.
        """
        with replacing(path) as temporary:
            checksum = part_checksums.measured(temporary, write_groups(temporary, schema, groups))
            part_checksums.forget(self.root, path)
        part_checksums.record(self.root, path, checksum)

    def _versioned(self, groups: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """The same row groups; the lake has its version before the part with them appears."""
        yield from groups
        self._ensure_version()

    def _ensure_version(self) -> None:
        if self.check_version() is None:
            self.write_version()


def write_groups(path: Path | pa.NativeFile, schema: pa.Schema, groups: Iterable[pa.Table]) -> int:
    """Write row groups, each page with its CRC-32; returns the number of rows."""
    rows = 0
    with pq.ParquetWriter(path, schema, write_page_checksum=True, **encodings(schema)) as writer:
        for group in groups:
            writer.write_table(group)
            rows += group.num_rows
    return rows


@cache
def _empty_part(model: type[Record]) -> bytes:
    """The bytes of the part without rows, of this factory's columns and this version of pyarrow."""
    sink = pa.BufferOutputStream()
    write_groups(sink, arrow_schema(model), [arrow_schema(model).empty_table()])
    return bytes(sink.getvalue())


def _without_null(model: type[Record], batch: pa.RecordBatch) -> pa.RecordBatch:
    for field in arrow_schema(model):
        if not field.nullable and batch.column(field.name).null_count:
            raise LakeError(f"{model.record}.{field.name} is null in a row, but may not be")
    return batch
