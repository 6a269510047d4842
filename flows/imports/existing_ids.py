"""Ids of the rows and tasks that earlier imports wrote, so that no conversation is imported twice.

A row is recognised by its conversation, by its content in the file, whatever the format that it is read as, or, for
rows of earlier importers, by their place in the same file and by their text. Only ids stay in memory, as bytes: about
600 bytes per row with its task, some hundred megabytes per million rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from flows.imports.courtesy import asks
from flows.imports.problem import COMPOSER
from flows.imports.row_keys import place_key
from schemas.task import task_id
from warehouse.connect import query

Judged = frozenset[tuple[str, bool]]
"""(verifier, passed) of each verdict of a trajectory."""
IDENTITY_SINCE = 4
"""First version of the importer whose task ids ignore spelling."""


@dataclass(slots=True)
class KnownRow:
    """The trajectory of an imported row: task, sample number, verdicts, and how it was read."""

    task: bytes
    sample: int
    judged: Judged
    read_as: tuple[str, str]
    """Format and domain."""


@dataclass
class ExistingIds:
    """Imported rows by each of their keys; tasks by id with (number of attempts, first import)."""

    rows: dict[bytes, KnownRow] = field(default_factory=dict)
    tasks: dict[bytes, tuple[int, datetime]] = field(default_factory=dict)
    renamed: dict[bytes, bytes] = field(default_factory=dict)
    """Id that a task would get now -> the id that an earlier importer gave it, and that it keeps."""
    earlier_texts: bool = False
    """True if rows are known by their text: those of importers with other row ids."""
    _shared: dict[Any, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, now: datetime) -> "ExistingIds":
        """Read all ids from the lake's views; `now` replaces a missing creation time."""
        existing = cls()
        for task, created_at, domain, instruction, answer in _read(con, "existing_tasks"):
            existing.tasks[bytes.fromhex(task)] = (0, created_at)
            if instruction is not None and asks(instruction):
                same = bytes.fromhex(task_id(domain, instruction, answer, [], COMPOSER))
                existing.renamed.setdefault(same, bytes.fromhex(task))
        texts = {name: bytes.fromhex(digest) for name, digest in _read(con, "earlier_texts")}
        existing.earlier_texts = bool(texts)
        for row_id, row_key, file, row, task, sample, trajectory, judged, format, domain in _read(con, "existing_rows"):
            existing.count(task, sample, now)
            if trajectory is not None:
                keys = [row_id, row_key or place_key(file, row)]
                known = existing.known(
                    task, sample, ((one["verifier"], one["passed"]) for one in judged), format, domain
                )
                existing.add([*map(bytes.fromhex, keys), *filter(None, [texts.get(trajectory)])], known)
        return existing

    def known(self, task: str, sample: int, judged: Iterable[tuple[str, bool]], format: str, domain: str) -> KnownRow:
        """A row as sample number `sample` of its task; equal sets of verdicts are held once."""
        verdicts, read_as = frozenset(judged), (format, domain)
        same = self._shared.setdefault
        return KnownRow(bytes.fromhex(task), sample, same(verdicts, verdicts), same(read_as, read_as))

    def add(self, keys: Iterable[bytes], row: KnownRow) -> None:
        """Record a row under its keys."""
        for key in keys:
            self.rows.setdefault(key, row)

    def find(self, keys: Iterable[bytes]) -> KnownRow | None:
        """The row with one of the keys; None if the lake lacks it."""
        return next((self.rows[key] for key in keys if key in self.rows), None)

    def count(self, task: str, sample: int, now: datetime) -> None:
        """Count an attempt of a task; attempts of an interrupted import keep their numbers."""
        attempts, since = self.tasks.get(bytes.fromhex(task), (0, now))
        self.tasks[bytes.fromhex(task)] = (max(attempts, sample + 1), since)

    def task(self, name: str) -> str:
        """The id of a task in this lake: that of an earlier importer, if it made the task first."""
        return self.renamed.get(bytes.fromhex(name), bytes.fromhex(name)).hex()


def _read(con: duckdb.DuckDBPyConnection, name: str) -> Iterator[tuple[Any, ...]]:
    rows = con.execute(query("imports", name))
    while batch := rows.fetchmany(10_000):
        yield from batch
