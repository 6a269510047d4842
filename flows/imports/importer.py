"""A file of a published set into the lake, in chunks that land whole and always hold the same rows.

A chunk's rows of `imported` land before its tasks and trajectories, and its trajectories land last: where those
stand, the chunk is done, and where an import was cut the next one goes on there, with the same ids.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from flows.imports.chunk import Chunk, File, How
from flows.imports.existing_ids import Known
from flows.imports.file_reader import Raw, chunks, rows_of, sha256_of
from flows.imports.to_rows import COMPOSER, VERSION, Verifiers
from schemas import Imported, Task, Trajectory, Turn, Verdict, content_id
from schemas.imported import BROUGHT, THERE
from warehouse.console.progress import Report
from warehouse.lake import Lake, PartName


@dataclass
class Counted:
    """What an import did: rows read are those that came in, those that were there, and those that were refused."""

    rows: int = 0
    imported: int = 0
    there: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, statuses: Counter[str]) -> None:
        """Count a chunk's rows in."""
        self.rows += statuses.total()
        self.imported += statuses.pop(BROUGHT, 0)
        self.there += statuses.pop(THERE, 0)
        self.refused += statuses


class Importer:
    """Brings files into one lake, each row of them once."""

    def __init__(self, lake: Lake, known: Known, verifiers: Verifiers) -> None:
        self._lake, self._known, self._verifiers = lake, known, verifiers

    def bring(self, path: Path, name: str, how: How, report: Report) -> Counted:
        """Bring what of a file is not there yet; raises ImportFailed, LakeError."""
        sha256 = sha256_of(path)
        told = (sha256, how.format, how.domain, how.tools, how.accepted, VERSION)
        file = File(content_id("import", *told), name, sha256, datetime.now(UTC))
        worker = f"{COMPOSER}-{file.import_id[:16]}"
        begun, done = self._parts(Imported, worker), self._parts(Trajectory, worker)
        day = min((part.day for part in begun), default=file.now.date())
        counted = Counted()
        for number, rows in enumerate(chunks(rows_of(path))):
            part = PartName(day, worker, number)
            recorded = self._recorded(part) if part in begun else []
            counted.add(_again(recorded) if part in done else self._write(file, how, part, recorded, rows))
            report(counted.rows, None, name)
        return counted

    def _write(
        self, file: File, how: How, part: PartName, recorded: list[dict[str, Any]], rows: list[Raw]
    ) -> Counter[str]:
        """Write a chunk. An import that was cut may have given rows their places: they keep them."""
        given = {row["row"]: row["sample"] for row in recorded if row["status"] == BROUGHT}
        chunk = Chunk(file, how, part.day.isoformat(), self._known, self._verifiers, given)
        for row in rows:
            chunk.take(row)
        tasks = {rows.task.task_id: rows.task for rows in chunk.brought}
        self._lake.write(Turn, (turn for rows in chunk.brought for turn in rows.turns), part)
        self._lake.write(Verdict, (verdict for rows in chunk.brought for verdict in rows.verdicts), part)
        self._lake.write(Imported, chunk.said, part)
        self._lake.write(Task, tasks.values(), part)
        self._lake.write(Trajectory, (rows.trajectory for rows in chunk.brought), part)
        return Counter(row.status for row in chunk.said)

    def _parts(self, model: type[Trajectory] | type[Imported], worker: str) -> set[PartName]:
        """An import's parts of a record that stand in the lake."""
        found = set()
        for path in self._lake.parts(model):
            with suppress(ValueError):
                name = PartName(date.fromisoformat(path.stem[:10]), path.stem[11:-7], int(path.stem[-6:]))
                if name.worker == worker:
                    found.add(name)
        return found

    def _recorded(self, part: PartName) -> list[dict[str, Any]]:
        """What became of a chunk's rows when it was written before."""
        (path,) = (path for path in self._lake.parts(Imported, part.day) if path.name == part.file)
        columns = ["row", "status", "sample"]
        rows: list[dict[str, Any]] = pq.read_table(path, columns=columns, partitioning=None).to_pylist()
        return rows


def _again(recorded: list[dict[str, Any]]) -> Counter[str]:
    """The rows of a chunk that an earlier import brought: what came in then is there now."""
    found: Counter[str] = Counter(row["status"] for row in recorded)
    found[THERE] += found.pop(BROUGHT, 0)
    return found
