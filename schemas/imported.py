"""An imported row: where a trajectory that was not rolled out here came from, or why a row could not come in.

Every row that an import reads leaves one, so that what a file held is what came in, what was there already,
and what was refused, each counted by its reason.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Name, Record, Text, Time

IMPORTED, ALREADY_IMPORTED = "imported", "already_imported"
"""Statuses of a row that was converted; every other status is the reason code of a refusal."""


class Imported(Record):
    """One row of an imported file (grain: one row a row of a file an import of it)."""

    record: ClassVar[str] = "imported"

    import_id: Name = Field(description="content id of the file's bytes and how it was read")
    file: Name = Field(description="name or s3:// address of the file")
    file_sha256: Name = Field(description="of the file's bytes")
    format: Name = Field(description="how it was read: messages, atif, openseeker, openresearcher, toucan, sharegpt")
    row: Count = Field(description="line of a JSONL file, row of a Parquet file, from 0")
    status: Name = Field(description="imported, already_imported, or the reason code of the refusal")
    detail: Text | None = Field(description="what was wrong, in words, when it was refused")
    row_id: Name | None = Field(description="content id of the conversation and what was said of it; null when refused")
    trajectory_id: Name | None = Field(description="the trajectory that holds it; null when refused")
    task_id: Name | None = Field(description="its task; null when refused")
    sample: Count | None = Field(description="which attempt at the task it became, from 0; null when refused")
    license: Name | None = Field(description="license of the file, as who imported it said")
    imported_at: Time = Field(description="UTC")
    run_id: Name = Field(description="the UTC day of the import")
