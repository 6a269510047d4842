"""Makes the released rows of one bucket after another, in this process or in workers: the same rows in the same order.

With a student most of the work is to write conversations in its tokens: 0.4 CPU seconds for each of 50K tokens. So
each worker, a process or one of a cluster, takes a bucket, leaves its rows in a file of the work folder, and returns
counts.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from socket import gethostname

import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.engine import Engine
from flows.engine.open import opened_engine
from flows.publish.build.bucket_rows import FAST_COMPRESSION, SCALARS, TURNS, prefetch, read_bucket
from flows.publish.build.rows import fold
from flows.publish.build.split import Selection
from flows.publish.build.student import Filled, StudentColumns, mark_over_window
from flows.settings import Publish, Settings
from sources.worker_process import available_cores

ROWS = "rows"
FEWEST_BUCKETS = {"ray": 2, "local": 4}
"""Buckets for which workers are used: each takes some seconds to load the student's tokenizer."""
WORKER_BYTES = 1024**3
"""Memory of this machine for each worker process, which needs about half of it."""


@dataclass(frozen=True)
class Bucket:
    """A bucket in the work folder of a publish."""

    folder: Path
    name: str
    is_segmented: bool

    def remove(self, *kinds: str) -> None:
        """Remove its files of these kinds."""
        for kind in kinds:
            (self.folder / kind / self.name).unlink()


MadeRows = Callable[[Sequence[Bucket]], Iterator[pa.Table]]


def buckets_of(selection: Selection, split: str, folder: Path) -> list[Bucket]:
    """The buckets of a split under `folder`, in released order."""
    chosen = selection.rows.filter(pc.equal(selection.rows["split"], split))
    return [Bucket(folder, name, selection.is_segmented) for name in pc.unique(chosen["bucket"]).to_pylist()]


@contextmanager
def opened_rows(settings: Settings, student: StudentColumns | None, buckets: Sequence[Bucket]) -> Iterator[MadeRows]:
    """Open the function that makes the rows of these buckets, some at a time; the student counts what it fills.

    Raises EngineError if the cluster cannot be reached.
    """
    processes = min(available_cores(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // WORKER_BYTES)
    alone = settings.engine.kind == "local" and processes < 2
    if student is None or alone or len(buckets) < FEWEST_BUCKETS[settings.engine.kind]:
        yield lambda some: prefetch(_rows_here(some, settings.publish, student))
        return
    (buckets[0].folder / ROWS).mkdir()
    with opened_engine(settings, processes) as engine:
        yield lambda some: _rows_there(engine, some, settings.publish, student)


def stage(settings: Publish, bucket: Bucket) -> Filled:
    """Write the rows of a bucket to a file of the work folder; the counts of the student columns.

    The bucket's own files stay until the rows are read: if this worker is lost, another one reads them.
    """
    student = _student(settings.student, settings.student_renderer) if settings.student else None
    if student:
        student.filled = Filled()
    rows = _rows(bucket, settings, student)
    path = bucket.folder / ROWS / bucket.name
    fresh = path.with_name(f".{path.name}.{gethostname()}-{os.getpid()}.tmp")
    with pa.OSFile(str(fresh), "wb") as sink, pa.ipc.new_stream(sink, rows.schema, options=FAST_COMPRESSION) as stream:
        stream.write_table(rows)
    fresh.replace(path)
    return student.filled if student else Filled()


def _rows_here(buckets: Sequence[Bucket], settings: Publish, student: StudentColumns | None) -> Iterator[pa.Table]:
    for bucket in buckets:
        yield _rows(bucket, settings, student)
        bucket.remove(TURNS, SCALARS)


def _rows_there(
    engine: Engine, buckets: Sequence[Bucket], settings: Publish, student: StudentColumns
) -> Iterator[pa.Table]:
    for bucket, filled in zip(buckets, engine.spread(partial(stage, settings), buckets), strict=True):
        student.filled.add(filled)
        with pa.OSFile(str(bucket.folder / ROWS / bucket.name)) as source:
            yield pa.ipc.open_stream(source).read_all()
        bucket.remove(TURNS, SCALARS, ROWS)


def _rows(bucket: Bucket, settings: Publish, student: StudentColumns | None) -> pa.Table:
    turns = read_bucket(bucket.folder / TURNS, bucket.name, ["position", "index"])
    rows = fold(turns, read_bucket(bucket.folder / SCALARS, bucket.name, ["position"]), segmented=bucket.is_segmented)
    return mark_over_window(student.fill(rows) if student else rows, settings.training_window)


@cache
def _student(folder: Path, renderer: str) -> StudentColumns:
    """The student of a worker, which works for one publish."""
    return StudentColumns(folder, renderer)
