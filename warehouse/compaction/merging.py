"""Writes the rows of several parts as one part, in their order, as the lake writes any part.

Each part is compared with its recorded checksum before its rows are copied: a damaged part must not become a sound one.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import Record, arrow_schema, sha256_file
from warehouse import part_checksums
from warehouse.compaction.groups import Group
from warehouse.lake import Lake, LakeError, sync, write_groups
from warehouse.objects import parquet_source
from warehouse.parquet_encoding import row_groups
from warehouse.part_checksums import PartChecksum
from warehouse.part_faults import READ_ERRORS, damaged, examine, file_fault

BATCH_ROWS = 1_024


class NotMergeable(LakeError):
    """Parts cannot become one, and stay as they are; the message names one of them and the reason."""


def is_mergeable(lake: Lake, group: Group, left: list[str]) -> bool:
    """True if all parts of the group can be merged; else a sentence with the reason is added to `left`."""
    try:
        for model, paths in group.members.items():
            require_mergeable(lake, model, paths)
    except NotMergeable as error:
        left.append(str(error))
        return False
    return True


def require_mergeable(lake: Lake, model: type[Record], parts: Sequence[Path]) -> None:
    """Raise NotMergeable for a part that is damaged, or that has columns which the record no longer has."""
    for part in parts:
        recorded = part_checksums.recorded(lake.root, part)
        is_as_written = recorded is not None and file_fault(part) is None and recorded.sha256 == sha256_file(part)
        if fault := examine(lake, model, part, whole=not is_as_written):
            raise NotMergeable(f"{part}: {fault.phrase}")
        extra = set(pq.read_schema(parquet_source(part)).names) - set(arrow_schema(model).names)
        if extra:
            raise NotMergeable(f"{part} has columns that {model.record} no longer has: {', '.join(sorted(extra))}")


def merge_parts(model: type[Record], parts: Sequence[Path], target: Path) -> PartChecksum:
    """Write the rows of the parts, which can be merged, to `target`; returns its checksum.

    Raises LakeDamaged for a part that cannot be read after all, and LakeError if the disk refuses.
    """
    schema = arrow_schema(model)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        rows = write_groups(target, schema, row_groups(schema, _batches(model, parts)))
        sync(target)
        return part_checksums.measured(target, rows)
    except OSError as error:
        raise LakeError(f"cannot write {target}: {error}. Free space or fix permissions, then run again.") from error


def _batches(model: type[Record], parts: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """The rows of the parts in order; columns that a part is too old to have are null."""
    schema = arrow_schema(model)
    for part in parts:
        try:
            with pq.ParquetFile(parquet_source(part), page_checksum_verification=True) as file:
                for batch in file.iter_batches(BATCH_ROWS):
                    yield _completed(batch, schema)
        except READ_ERRORS as error:
            raise damaged(part, str(error)) from error


def _completed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    found = set(batch.schema.names)
    columns = [
        batch.column(field.name) if field.name in found else pa.nulls(batch.num_rows, field.type) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
