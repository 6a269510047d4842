"""An imported row: the origin of a trajectory that was not rolled out here, or the reason why a row was refused.

Every row that an import reads leaves one, so that the rows of a file are the sum of those imported, those already
imported, and those refused by reason.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Name, Record, Text, Time

IMPORTED, ALREADY_IMPORTED = "imported", "already_imported"
"""Statuses of a row that was converted; every other status is the reason code of a refusal."""


class Imported(Record):
    """One row of an imported file (grain: one row per row of a file and import)."""

    record: ClassVar[str] = "imported"

    import_id: Name = Field(description="content id of the file's bytes and the options of the import")
    file: Name = Field(description="name or s3:// address of the file")
    file_sha256: Name = Field(description="SHA-256 of the file's bytes, as hex")
    format: Name = Field(description="format that the row was read as, such as messages or atif")
    row: Count = Field(
        description="line number in a JSONL file, or number of the row or document in another file, from 0"
    )
    status: Name = Field(description="imported, already_imported, or the reason code of the refusal")
    detail: Text | None = Field(description="explanation of the refusal in words; null if imported")
    row_id: Name | None = Field(description="content id of the conversation and its ground truth; null if refused")
    row_key: Name | None = Field(
        default=None,
        description="content id of the row's fields as the file holds them; null if refused, and in earlier imports",
    )
    trajectory_id: Name | None = Field(description="id of the trajectory that holds the row; null if refused")
    task_id: Name | None = Field(description="id of the trajectory's task; null if refused")
    sample: Count | None = Field(description="number of the attempt at its task, from 0; null if refused")
    notes: Text | None = Field(
        default=None,
        description="JSON object: code -> number of things that the trajectory does not hold as they were",
    )
    metadata: Text | None = Field(
        default=None, description="JSON object: fields of the row that no other column holds; null if there are none"
    )
    license: Name | None = Field(description="license of the file, as given to the import; null if not given")
    imported_at: Time = Field(description="UTC time of the import")
    run_id: Name = Field(description="UTC day of the import, YYYY-MM-DD")
