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
from flows.imports.problem import Problem, problem_of
from flows.imports.reading.rows import RawRow
from flows.imports.redacted import redacted
from flows.imports.row_keys import place_key, row_id, row_key, text_key
from flows.imports.to_rows import Place, Rows, declared_correct, notes_of, rows_of_attempt, set_verdicts
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
            value = raw.value()
            attempt = attempt_of(value, self.options.format, self.options.outcomes)
            self.formats[attempt.format] += 1
            if attempt.sign:
                self.recognised.setdefault(attempt.format, attempt.sign)
            self._add(raw.row, attempt, row_key(value))
        except Refused as refusal:
            self.log.append(self._row(raw.row, refusal.code).model_copy(update={"detail": refusal.detail or None}))

    def _add(self, row: int, attempt: Attempt, fields: str | None) -> None:
        name, (given, tools) = row_id(attempt), self._completed(attempt)
        keys = self._keys(row, attempt, [name, fields])
        known = self.existing.find(keys)
        if known is None:
            task, sample, notes, about = self._import(keys, given, problem_of(attempt), self.samples.get(row))
            status = IMPORTED
        else:
            task, sample, about = known.task.hex(), known.sample, {}
            notes, status = self._judge(given, known, tools), ALREADY_IMPORTED
        self.notes += notes
        told = {"notes": json.dumps(notes, sort_keys=True)} if notes else {}
        ids = {"row_id": name, "task_id": task, "sample": sample, "trajectory_id": trajectory_id(task, sample)}
        logged = self._row(row, status, attempt.format)
        self.log.append(logged.model_copy(update={**ids, "row_key": fields, **told, **about}))

    def _keys(self, row: int, attempt: Attempt, ids: list[str | None]) -> list[bytes]:
        """Every key by which the lake may know a row."""
        if self.existing.earlier_texts:
            ids = [*ids, text_key(attempt)]
        return [bytes.fromhex(one) for one in (*ids, place_key(self.file.sha256, row)) if one]

    def _import(
        self, keys: list[bytes], attempt: Attempt, problem: Problem, recorded: int | None
    ) -> tuple[str, int, Counter[str], dict[str, str]]:
        """Convert an attempt; returns its task, its sample number, its notes, and its metadata for the log."""
        clean, found = redacted(attempt) if self.options.redact else (attempt, None)
        task = self.existing.task(problem.task(self.options.domain, attempt.truth))
        place = self._place(task, problem_of(clean).instruction, recorded)
        measured = Measured(found, self.count(clean.messages) if self.count else None)
        rows = rows_of_attempt(clean, place, self.verifiers, measured)
        self.accepted.append(rows)
        judged = ((one.verifier, one.passed) for one in rows.verdicts)
        self.existing.count(task, place.sample, place.task_created_at)
        self.existing.add(
            keys[:-1], self.existing.known(task, place.sample, judged, attempt.format, self.options.domain)
        )
        return task, place.sample, notes_of(clean), self._metadata(clean)

    def _metadata(self, attempt: Attempt) -> dict[str, str]:
        if not attempt.metadata:
            return {}
        return {"metadata": json.dumps(attempt.metadata, ensure_ascii=False, default=_no_json)}

    def _judge(self, attempt: Attempt, known: KnownRow, tools: bool) -> Counter[str]:
        """Add the set's verdicts that an earlier import did not give; returns what stays as that import left it."""
        name = trajectory_id(known.task.hex(), known.sample)
        names = {verifier for verifier, _ in known.judged}
        given = list(set_verdicts(attempt, name, self.run_id))
        new = [one for one in given if one.verifier not in names]
        self.verdicts += new
        differ = sum((one.verifier, one.passed) not in known.judged for one in given) - len(new)
        known.judged |= {(one.verifier, one.passed) for one in new}
        format, domain = known.read_as
        return +Counter(
            verdicts_added=len(new),
            verdicts_kept=differ,
            other_format=int(format != attempt.format),
            other_domain=int(domain != self.options.domain),
            kept_tools=int(tools),
        )

    def _completed(self, attempt: Attempt) -> tuple[Attempt, bool]:
        """The attempt with the tools and the judgement of the options, and whether the tools were needed."""
        needed = bool(self.options.tools) and ("inferred_tools" in attempt.notes or not attempt.tools)
        if needed:
            notes = tuple(note for note in attempt.notes if note != "inferred_tools")
            attempt = replace(attempt, tools=self.options.tools, notes=notes)
        return declared_correct(attempt) if self.options.accepted else attempt, needed

    def _place(self, task: str, instruction: str, recorded: int | None) -> Place:
        """The attempt's recorded sample number, or the next free one of its task."""
        attempts, since = self.existing.tasks.get(bytes.fromhex(task), (0, self.file.now))
        sample = attempts if recorded is None else recorded
        return Place(
            task_id=task,
            instruction=instruction,
            domain=self.options.domain,
            sample=sample,
            samples=max(attempts, sample + 1),
            task_created_at=since,
            now=self.file.now,
            run_id=self.run_id,
            license=self.options.license,
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


def _no_json(value: object) -> str:
    """A value that JSON lacks, such as a date, as text; of bytes, such as an image, only their number."""
    return f"[{len(value)} bytes]" if isinstance(value, bytes) else str(value)
