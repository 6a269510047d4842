"""Converts one chunk of a file's rows: each row becomes a trajectory with its task, or a refusal with a reason.

A conversation that the lake already holds is not imported twice. After an interrupted import, rows keep the
sample numbers that were recorded for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flows.domains.contract import Verifier
from flows.imports.existing_ids import ExistingIds
from flows.imports.file_reader import RawRow
from flows.imports.formats.conversation import Attempt, Refused, Row
from flows.imports.formats.registry import attempt_of
from flows.imports.to_rows import Place, Rows, declared_correct, row_id, rows_of_attempt, task_of
from schemas import Imported
from schemas.imported import ALREADY_IMPORTED, IMPORTED
from schemas.trajectory import trajectory_id


@dataclass(frozen=True)
class ImportOptions:
    """Format of a file, and the provenance that its importer declares."""

    format: str
    domain: str
    license: str | None = None
    tools: list[Row] = field(default_factory=list)
    """Tool schemas for rows without their own."""
    accepted: bool = False
    """True if the set's makers kept only correct attempts."""


@dataclass(frozen=True)
class File:
    """Identity of a file, as recorded with each of its rows."""

    import_id: str
    name: str
    sha256: str
    now: datetime
    """Start of the import, UTC."""


@dataclass
class Chunk:
    """Rows that land together: `accepted` holds converted rows, `log` one `imported` row per row of the file."""

    file: File
    options: ImportOptions
    run_id: str
    existing: ExistingIds
    verifiers: Sequence[Verifier]
    samples: dict[int, int]
    """Row number of the file -> sample number recorded by an interrupted import."""
    accepted: list[Rows] = field(default_factory=list)
    log: list[Imported] = field(default_factory=list)

    def add(self, raw: RawRow) -> None:
        """Convert a row, or log the reason of its refusal."""
        try:
            self._add(raw.row, self._completed(attempt_of(raw.value(), self.options.format)))
        except Refused as refusal:
            self.log.append(self._row(raw.row, refusal.code).model_copy(update={"detail": refusal.detail or None}))

    def _add(self, row: int, attempt: Attempt) -> None:
        name, task = row_id(attempt, self.options.domain), task_of(attempt, self.options.domain)
        recorded = self.samples.get(row)
        sample = self.existing.rows.get(bytes.fromhex(name)) if recorded is None else None
        if sample is None:
            place = self._place(task, recorded)
            self.accepted.append(rows_of_attempt(attempt, place, self.verifiers))
            self.existing.add(name, task, place.sample, place.task_created_at)
            sample, status = place.sample, IMPORTED
        else:
            status = ALREADY_IMPORTED
        ids = {"row_id": name, "task_id": task, "sample": sample, "trajectory_id": trajectory_id(task, sample)}
        self.log.append(self._row(row, status).model_copy(update=ids))

    def _completed(self, attempt: Attempt) -> Attempt:
        with_tools = attempt if attempt.tools else replace(attempt, tools=self.options.tools)
        return declared_correct(with_tools) if self.options.accepted else with_tools

    def _place(self, task: str, recorded: int | None) -> Place:
        """The attempt's recorded sample number, or the next free one of its task."""
        attempts, since = self.existing.tasks.get(bytes.fromhex(task), (0, self.file.now))
        sample = attempts if recorded is None else recorded
        return Place(
            format=self.options.format,
            domain=self.options.domain,
            sample=sample,
            samples=max(attempts, sample + 1),
            task_created_at=since,
            now=self.file.now,
            run_id=self.run_id,
        )

    def _row(self, row: int, status: str) -> Imported:
        return Imported(
            import_id=self.file.import_id,
            file=self.file.name,
            file_sha256=self.file.sha256,
            format=self.options.format,
            row=row,
            status=status,
            detail=None,
            row_id=None,
            trajectory_id=None,
            task_id=None,
            sample=None,
            license=self.options.license,
            imported_at=self.file.now,
            run_id=self.run_id,
        )
