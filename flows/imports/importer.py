"""Imports a file of a published data set into the lake, in chunks that always hold the same rows.

The `imported` rows of a chunk land before its tasks, and its trajectories land last. A chunk with trajectories in
the lake is complete, so an interrupted import resumes at the first incomplete chunk, with the same ids.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.domains.contract import Verifier
from flows.imports.chunk import Chunk, File, ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.file_reader import chunks, rows_of, sha256_of
from flows.imports.formats.conversation import Sign
from flows.imports.problem import COMPOSER
from flows.imports.reading.rows import RawRow
from flows.imports.to_rows import VERSION
from flows.imports.token_counts import Count
from schemas import Imported, Task, Trajectory, Turn, Verdict, content_id
from schemas.imported import ALREADY_IMPORTED, IMPORTED
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake, PartName
from warehouse.part_faults import open_part


@dataclass
class Counts:
    """Counts of one import: rows = imported + already_there + sum of refused (by reason code)."""

    rows: int = 0
    imported: int = 0
    already_there: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    """Things that the imported rows do not hold as they were, by code."""
    formats: Counter[str] = field(default_factory=Counter)
    """Rows by the format that they were read as."""
    recognised: dict[str, Sign] = field(default_factory=dict)
    """Formats that were recognised, with the sign in the first such row."""

    def add(self, statuses: Counter[str]) -> None:
        """Add the statuses of one chunk's rows."""
        self.rows += statuses.total()
        self.imported += statuses.pop(IMPORTED, 0)
        self.already_there += statuses.pop(ALREADY_IMPORTED, 0)
        self.refused += statuses


class Importer:
    """Imports files into one lake; a row that the lake already holds is counted, not written again."""

    def __init__(
        self, lake: Lake, existing: ExistingIds, verifiers: Sequence[Verifier], count: Count | None = None
    ) -> None:
        self._lake, self._existing, self._verifiers, self._count = lake, existing, verifiers, count

    def import_file(self, path: Path, name: str, options: ImportOptions, report: ProgressCallback) -> Counts:
        """Import the rows that the lake lacks; raises ImportFailed (unreadable file) or LakeError (failed write)."""
        sha256 = sha256_of(path)
        chosen = (options.format, options.domain, options.tools, options.accepted, options.outcomes, options.redact)
        identity = (sha256, *chosen, VERSION)
        file = File(content_id("import", *identity), name, sha256, datetime.now(UTC))
        worker = f"{COMPOSER}-{file.import_id[:16]}"
        begun, done = self._parts(Imported, worker), self._parts(Trajectory, worker)
        day = min((part.day for part in begun), default=file.now.date())
        counts = Counts()
        for number, rows in enumerate(chunks(rows_of(path))):
            part = PartName(day, worker, number)
            recorded = self._recorded(part) if part in begun else []
            complete = part in done
            if complete:
                counts.add(_already_imported(recorded))
            else:
                chunk = self._write(file, options, part, recorded, rows)
                counts.add(Counter(row.status for row in chunk.log))
                counts.notes += chunk.notes
                counts.formats += chunk.formats
                counts.recognised = chunk.recognised | counts.recognised
            report(counts.rows, None, name)
        return counts

    def _write(
        self, file: File, options: ImportOptions, part: PartName, recorded: list[dict[str, Any]], rows: list[RawRow]
    ) -> Chunk:
        """Write one chunk. Rows keep the sample numbers that an interrupted import recorded for them."""
        samples = {row["row"]: row["sample"] for row in recorded if row["status"] == IMPORTED}
        chunk = Chunk(file, options, part.day.isoformat(), self._existing, self._verifiers, samples, self._count)
        for row in rows:
            chunk.add(row)
        tasks: dict[str, Task] = {}
        for converted in chunk.accepted:
            first = tasks.get(converted.task.task_id, converted.task)
            tasks[first.task_id] = first.model_copy(update={"samples": converted.task.samples})
        self._lake.write(Turn, (turn for rows in chunk.accepted for turn in rows.turns), part)
        verdicts = [verdict for rows in chunk.accepted for verdict in rows.verdicts]
        self._lake.write(Verdict, [*verdicts, *chunk.verdicts], part)
        self._lake.write(Imported, chunk.log, part)
        self._lake.write(Task, tasks.values(), part)
        self._lake.write(Trajectory, (rows.trajectory for rows in chunk.accepted), part)
        return chunk

    def _parts(self, model: type[Trajectory] | type[Imported], worker: str) -> set[PartName]:
        """The parts of a record that this import has already written."""
        found = set()
        for path in self._lake.parts(model):
            with suppress(ValueError):
                name = PartName(date.fromisoformat(path.stem[:10]), path.stem[11:-7], int(path.stem[-6:]))
                if name.worker == worker:
                    found.add(name)
        return found

    def _recorded(self, part: PartName) -> list[dict[str, Any]]:
        """The `imported` rows of a chunk that was written before: row number, status and sample."""
        (path,) = (path for path in self._lake.parts(Imported, part.day) if path.name == part.file)
        columns = ["row", "status", "sample"]
        with open_part(path) as recorded:
            rows: list[dict[str, Any]] = recorded.read(columns).to_pylist()
        return rows


def _already_imported(recorded: list[dict[str, Any]]) -> Counter[str]:
    """Statuses of a complete chunk: rows that it imported count as already there."""
    found: Counter[str] = Counter(row["status"] for row in recorded)
    found[ALREADY_IMPORTED] += found.pop(IMPORTED, 0)
    return found
