"""Rewrites the parts of a lake whose columns or values have another name since an earlier schema version.

Only records with renames (`schemas/renames.py`) are rewritten, row group by row group. Each part is replaced whole and
carries the new version in its metadata, and the lake's own version is written last: a migration that was interrupted
continues with the parts that are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from schemas import RECORDS, Record, arrow_schema
from schemas.record import SCHEMA_VERSION
from schemas.renames import COLUMNS, VALUES
from warehouse.console.progress import ProgressCallback
from warehouse.lake import FIRST_VERSION, Lake, LakeError
from warehouse.part_faults import open_part

METADATA_VERSION = b"horizon_schema_version"


@dataclass(frozen=True)
class OutdatedPart:
    """A part of an earlier schema version, with the renames that it needs."""

    path: Path
    record: type[Record]
    columns: dict[str, str]
    """Earlier column -> its name now; the columns that the part has."""
    values: dict[str, dict[str, str]]
    """Column (its name now) -> earlier value -> the value now."""

    def renames(self) -> str:
        """The renames in one line, such as `asked_for -> target`."""
        values = [pair for renamed in self.values.values() for pair in renamed.items()]
        return ", ".join(f"{old} -> {new}" for old, new in [*self.columns.items(), *values])


def outdated_parts(lake: Lake) -> list[OutdatedPart]:
    """List the parts that a migration still has to rewrite, in name order.

    Raises LakeError if a part cannot be read or is of a later schema version than this factory's.
    """
    renamed = [model for model in RECORDS if COLUMNS.get(model.record) or _values_of(model)]
    found = (_outdated(model, path) for model in renamed for path in lake.parts(model))
    return [part for part in found if part]


def migrate(lake: Lake, report: ProgressCallback) -> int:
    """Rewrite the outdated parts, then write the lake's version; returns the number of parts rewritten.

    A lake of this version stays as it is. Raises LakeError as `outdated_parts`, for a lake of a later version, and if
    a part cannot be written.
    """
    if lake.version() in (None, SCHEMA_VERSION):
        lake.prepare()
        return 0
    if lake.version() != FIRST_VERSION:
        lake.check_version()
    parts = outdated_parts(lake)
    for done, part in enumerate(parts):
        report(done, len(parts), part.path.name)
        _rewrite(lake, part)
    lake.write_version()
    lake.prepare()
    report(len(parts), len(parts), f"schema version {SCHEMA_VERSION}")
    return len(parts)


def _outdated(model: type[Record], path: Path) -> OutdatedPart | None:
    with open_part(path) as part:
        schema = part.schema_arrow
    version = int((schema.metadata or {}).get(METADATA_VERSION, FIRST_VERSION))
    if version > int(SCHEMA_VERSION):
        raise LakeError(f"{path} has schema version {version}, but this factory reads {SCHEMA_VERSION}: upgrade it")
    if version == int(SCHEMA_VERSION):
        return None
    columns = {old: new for old, new in COLUMNS.get(model.record, {}).items() if old in schema.names}
    return OutdatedPart(path, model, columns, _values_of(model))


def _values_of(model: type[Record]) -> dict[str, dict[str, str]]:
    named = {
        column.split(".")[1]: renamed for column, renamed in VALUES.items() if column.split(".")[0] == model.record
    }
    return {column: renamed for column, renamed in named.items() if renamed}


def _rewrite(lake: Lake, part: OutdatedPart) -> None:
    """Replace a part by itself under the new names; removes temporary files of an earlier, killed migration."""
    for left in part.path.parent.glob(f".{part.path.name}.*.tmp"):
        left.unlink(missing_ok=True)
    schema = _renamed_schema(part)
    lake.replace_part(part.path, schema, _renamed_groups(part, schema))


def _renamed_schema(part: OutdatedPart) -> pa.Schema:
    """The part's own columns under their new names: it may have fewer columns than the record has now."""
    now = arrow_schema(part.record)
    with open_part(part.path) as file:
        before = file.schema_arrow
    fields = [
        field.with_name(part.columns[field.name]).with_metadata(now.field(part.columns[field.name]).metadata)
        if field.name in part.columns
        else field
        for field in before
    ]
    return pa.schema(fields, metadata=now.metadata)


def _renamed_groups(part: OutdatedPart, schema: pa.Schema) -> Iterator[pa.Table]:
    with open_part(part.path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number)
            columns = [
                _renamed_values(column, part.values.get(name, {}))
                for name, column in zip(schema.names, group.columns, strict=True)
            ]
            yield pa.Table.from_arrays(columns, schema=schema)


def _renamed_values(column: pa.ChunkedArray, renamed: dict[str, str]) -> pa.ChunkedArray:
    for old, new in renamed.items():
        column = pc.if_else(pc.equal(column, old), pa.scalar(new, column.type), column)
    return column
