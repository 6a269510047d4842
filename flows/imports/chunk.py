"""Converts one chunk of a file's rows: each row becomes a trajectory with its task, or a refusal with a reason.

A conversation that the lake already holds is not imported twice: it only gets the verdicts that it lacks. After an
interrupted import, rows keep the sample numbers that were recorded for them.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flows.domains.contract import Verifier
from flows.imports.existing_ids import ExistingIds, KnownRow
from flows.imports.formats.attempt.outcomes import Named
from flows.imports.formats.conversation import Attempt, Refused, Row, Sign
from flows.imports.formats.registry import attempt_of
from flows.imports.reading.rows import RawRow
from flows.imports.redacted import redacted
from flows.imports.to_rows import (
    Place,
    Rows,
    declared_correct,
    notes_of,
    row_id,
    rows_of_attempt,
    set_verdicts,
    task_of,
)
from flows.imports.to_turns import Measured
from flows.imports.token_counts import Count
from schemas import Imported, Verdict
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
    """True if the set's makers kept only correct attempts; a verdict of the set itself counts more."""
    outcomes: tuple[Named, ...] = ()
    """Columns with the set's verdict, beside those known by name."""
    redact: bool = True


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
    count: Count | None = None
    accepted: list[Rows] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    """Verdicts on rows that the lake already held."""
    log: list[Imported] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    recognised: dict[str, Sign] = field(default_factory=dict)

    def add(self, raw: RawRow) -> None:
        """Convert a row, or log the reason of its refusal."""
        try:
            attempt = self._completed(attempt_of(raw.value(), self.options.format, self.options.outcomes))
            self.formats[attempt.format] += 1
            if attempt.sign:
                self.recognised.setdefault(attempt.format, attempt.sign)
            self._add(raw.row, attempt)
        except Refused as refusal:
            self.log.append(self._row(raw.row, refusal.code).model_copy(update={"detail": refusal.detail or None}))

    def _add(self, row: int, attempt: Attempt) -> None:
        name, recorded = row_id(attempt), self.samples.get(row)
        known = self.existing.rows.get(bytes.fromhex(name)) if recorded is None else None
        if known is None:
            task, sample, about = self._import(name, attempt, recorded)
            status = IMPORTED
        else:
            task, sample, about = known.task.hex(), known.sample, {}
            self._judge(attempt, known)
            status = ALREADY_IMPORTED
        ids = {"row_id": name, "task_id": task, "sample": sample, "trajectory_id": trajectory_id(task, sample)}
        self.log.append(self._row(row, status, attempt.format).model_copy(update=ids | about))

    def _import(self, name: str, attempt: Attempt, recorded: int | None) -> tuple[str, int, dict[str, str]]:
        """Convert an attempt; returns its task and sample number, and the status for its `imported` row."""
        clean, found = redacted(attempt) if self.options.redact else (attempt, None)
        task = task_of(clean, self.options.domain)
        place = self._place(task, recorded)
        measured = Measured(found, self.count(clean.messages) if self.count else None)
        rows = rows_of_attempt(clean, place, self.verifiers, measured)
        self.accepted.append(rows)
        self.existing.add(name, task, place.sample, place.task_created_at, (one.verifier for one in rows.verdicts))
        notes = notes_of(clean)
        self.notes += notes
        about = {"notes": json.dumps(notes, sort_keys=True)} if notes else {}
        return task, place.sample, about | self._metadata(clean)

    def _metadata(self, attempt: Attempt) -> dict[str, str]:
        if not attempt.metadata:
            return {}
        return {"metadata": json.dumps(attempt.metadata, ensure_ascii=False, default=str)}

    def _judge(self, attempt: Attempt, known: KnownRow) -> None:
        """Add the set's verdicts that an earlier import with other options did not give."""
        name = trajectory_id(known.task.hex(), known.sample)
        new = [one for one in set_verdicts(attempt, name, self.run_id) if one.verifier not in known.verifiers]
        self.verdicts += new

    def _completed(self, attempt: Attempt) -> Attempt:
        inferred = "inferred_tools" in attempt.notes
        given = self.options.tools
        if given and (inferred or not attempt.tools):
            notes = tuple(note for note in attempt.notes if note != "inferred_tools")
            attempt = replace(attempt, tools=given, notes=notes)
        return declared_correct(attempt) if self.options.accepted else attempt

    def _place(self, task: str, recorded: int | None) -> Place:
        """The attempt's recorded sample number, or the next free one of its task."""
        attempts, since = self.existing.tasks.get(bytes.fromhex(task), (0, self.file.now))
        sample = attempts if recorded is None else recorded
        return Place(
            domain=self.options.domain,
            sample=sample,
            samples=max(attempts, sample + 1),
            task_created_at=since,
            now=self.file.now,
            run_id=self.run_id,
        )

    def _row(self, row: int, status: str, format: str | None = None) -> Imported:
        return Imported(
            import_id=self.file.import_id,
            file=self.file.name,
            file_sha256=self.file.sha256,
            format=format or self.options.format,
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
