"""A run of a file's rows on its way into the lake: each becomes part of a trajectory's rows, or a refusal.

What a row becomes depends on what is known (the same conversation comes in once) and, where an import was cut,
on the place that it was given then.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from flows.imports.existing_ids import Known
from flows.imports.file_reader import Raw
from flows.imports.formats.conversation import Attempt, Refused, Row
from flows.imports.formats.registry import attempt_of
from flows.imports.to_rows import Place, Rows, Verifiers, accepted, row_id, rows_of_attempt, task_of
from schemas import Imported
from schemas.imported import BROUGHT, THERE
from schemas.trajectory import trajectory_id


@dataclass(frozen=True)
class How:
    """How a file is read, and what who imports it says of it."""

    format: str
    domain: str
    license: str | None = None
    tools: list[Row] = field(default_factory=list)
    """Schemas for rows that bring none."""
    accepted: bool = False
    """Is every row one that its makers hold right?"""


@dataclass(frozen=True)
class File:
    """A file as its rows name it."""

    import_id: str
    name: str
    sha256: str
    now: datetime
    """When its import began."""


@dataclass
class Chunk:
    """Rows that land together; `brought` and `said` fill as they are taken in."""

    file: File
    how: How
    run_id: str
    known: Known
    verifiers: Verifiers
    given: dict[int, int]
    """Row of the file -> the sample that a cut import made of it."""
    brought: list[Rows] = field(default_factory=list)
    said: list[Imported] = field(default_factory=list)

    def take(self, raw: Raw) -> None:
        """Take a row in, or note why it cannot be."""
        try:
            self._take(raw.row, self._completed(attempt_of(raw.value(), self.how.format)))
        except Refused as refusal:
            self.said.append(self._row(raw.row, refusal.code).model_copy(update={"detail": refusal.detail or None}))

    def _take(self, row: int, attempt: Attempt) -> None:
        name, task = row_id(attempt, self.how.domain), task_of(attempt, self.how.domain)
        sample = self.given.get(row)
        known = self.known.rows.get(bytes.fromhex(name)) if sample is None else None
        if known is None:
            place = self._place(task, sample)
            self.brought.append(rows_of_attempt(attempt, place, self.verifiers))
            self.known.add(name, task, place.sample, place.task_created_at)
            known, status = place.sample, BROUGHT
        else:
            status = THERE
        stands = {"row_id": name, "task_id": task, "sample": known, "trajectory_id": trajectory_id(task, known)}
        self.said.append(self._row(row, status).model_copy(update=stands))

    def _completed(self, attempt: Attempt) -> Attempt:
        whole = attempt if attempt.tools else replace(attempt, tools=self.how.tools)
        return accepted(whole) if self.how.accepted else whole

    def _place(self, task: str, given: int | None) -> Place:
        """An attempt's place: the sample that it was given, or the next of its task."""
        attempts, since = self.known.tasks.get(bytes.fromhex(task), (0, self.file.now))
        sample = attempts if given is None else given
        return Place(
            format=self.how.format,
            domain=self.how.domain,
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
            format=self.how.format,
            row=row,
            status=status,
            detail=None,
            row_id=None,
            trajectory_id=None,
            task_id=None,
            sample=None,
            license=self.how.license,
            imported_at=self.file.now,
            run_id=self.run_id,
        )
