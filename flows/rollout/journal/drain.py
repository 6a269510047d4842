"""Moves finished trajectories with their turns, verdicts and outcomes from the journal to the lake, each exactly once.

Finished trajectories get a part number in one transaction. The part is then written, its trajectories last, so that a
trajectory in the lake implies that its turns and verdicts are there too. Last, the journal deletes the trajectories,
a few at a time, so that no commit waits long. A part that was being written when the process died is written again with
the same rows; a complete part is never written again.
"""

import contextlib
from array import array
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from string import digits
from typing import Any

import pyarrow as pa
from pyarrow.json import ParseOptions, ReadOptions, read_json

from flows.rollout.journal.file import sql
from flows.rollout.journal.journal import WORKER, Journal
from flows.rollout.journal.judged import Judged, decode_judged
from flows.rollout.journal.turn_encoding import BINARY_COLUMNS, TurnRow, checksum
from schemas.record import Record, arrow_schema, night_of
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Outcome, Verdict
from sources.privacy.redaction import count_kinds_in_turns, detector_version
from warehouse.lake import Lake, PartName
from warehouse.part_checksums import recorded_parts
from warehouse.part_faults import examine, open_part

PART_TRAJECTORIES = 64
"""Most trajectories of one part."""
DELETED_TOGETHER = 4
"""Trajectories that the journal deletes in one transaction."""


def drain(journal: Journal, lake: Lake) -> int:
    """Write all finished trajectories to the lake; return their number. Raises JournalError, LakeError."""
    with journal.drain_lock:
        drained = sum(_write_part(journal, lake, run_id, seq) for run_id, seq in journal.read("assigned_parts"))
        while found := journal.read("run_to_drain"):
            run_id = found[0][0]
            seq = _next_seq(journal, lake, run_id)
            assigned = (sql("assign_part"), (seq, run_id, PART_TRAJECTORIES))
            journal.apply([(sql("add_part"), (run_id, seq)), assigned])
            drained += _write_part(journal, lake, run_id, seq)
    return drained


def clear_orphan_parts(lake: Lake, worker: str = WORKER) -> None:
    """Empty a worker's parts of turns and verdicts that have no part of trajectories: no journal will complete them.

    Call this before draining a journal that does not know the worker's parts, such as a new one. A part whose
    trajectories were there and are gone is left to `factory lake repair`.
    """
    complete = {path.name for path in (*lake.parts(Trajectory), *recorded_parts(lake.root, Trajectory.record))}
    for model in (Turn, Verdict, Outcome):
        for path in lake.parts(model):
            name = _part_name(path)
            if name and name.worker == worker and path.name not in complete:
                lake.write_table(model, arrow_schema(model).empty_table(), name)


def is_part_complete(lake: Lake, name: PartName, *, outcomes: bool = False) -> bool:
    """True if the lake holds this part, undamaged, with its trajectories; and with outcomes, if it has any."""
    models: list[type[Record]] = [Trajectory, Turn, Verdict, *([Outcome] if outcomes else [])]
    found = {model: lake.part(model, name) for model in models}
    return all(path.exists() and not examine(lake, model, path, whole=True) for model, path in found.items())


def trajectories_in_lake(lake: Lake, run_id: str) -> set[str]:
    """Return the ids of a run's trajectories in the lake."""
    found = set[str]()
    for path in (path for path in lake.parts(Trajectory, night_of(run_id)) if _part_name(path)):
        with open_part(path) as part:
            found.update(part.read(["trajectory_id"])[0].to_pylist())
    return found


def turn_batch(run_id: str, rows: Sequence[TurnRow]) -> pa.RecordBatch:
    """Convert a trajectory's encoded turns to the lake's columns, without a Python object per token.

    `run_id` is the run that finished the trajectory. Texts are scanned for secrets here, once, so that refine does not
    scan them again.
    """
    schema = arrow_schema(Turn)
    lines = b"\n".join(row.row for row in rows)
    one_block = ReadOptions(use_threads=False, block_size=len(lines) + 1)
    parsed = read_json(pa.py_buffer(lines), read_options=one_block, parse_options=_json_columns())
    turns = parsed.column("turn").combine_chunks()
    added = {
        "run_id": pa.repeat(run_id, len(rows)),
        "detector": pa.repeat(detector_version(), len(rows)),
        "secrets": pa.array(count_kinds_in_turns(pa.RecordBatch.from_struct_array(turns)), pa.string()),
        "token_ids": _lists([row.token_ids for row in rows], pa.int32()),
        "sampled": _lists([row.sampled for row in rows], pa.uint8()),
        "logprobs": _lists([row.logprobs for row in rows], pa.float32()),
    }
    columns = [
        added[field.name].cast(field.type) if field.name in added else turns.field(field.name) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


@cache
def _json_columns() -> ParseOptions:
    """Options that parse a turn's JSON to the lake's columns, except the binary ones; other keys are ignored."""
    fields = [field.with_nullable(True) for field in arrow_schema(Turn) if field.name not in BINARY_COLUMNS]
    schema = pa.schema([pa.field("turn", pa.struct(fields))])
    return ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")


def _write_part(journal: Journal, lake: Lake, run_id: str, seq: int) -> int:
    rows = journal.read("finished_of_part", run_id, seq)
    if not all(checksum(row[1], row[2]) == row[3] for row in rows):
        journal.mark_damaged("the checksum of a finished trajectory does not match")
    judged, name = [decode_judged(row[2]) for row in rows], PartName(night_of(run_id), journal.worker, seq)
    if not is_part_complete(lake, name, outcomes=any(one.outcome for one in judged)):
        _write_rows(journal, lake, name, rows, judged)
    for start in range(0, len(rows), DELETED_TOGETHER):
        names = [row[0] for row in rows[start : start + DELETED_TOGETHER]]
        journal.apply([(sql(one), (name,)) for name in names for one in ("delete_turns", "delete_attempt")])
    journal.apply([(sql("delete_finished"), (run_id, seq))])
    return len(rows)


def _write_rows(
    journal: Journal, lake: Lake, name: PartName, rows: Sequence[tuple[Any, ...]], judged: Sequence[Judged]
) -> None:
    """Write a part, the trajectories last: their presence marks the part as complete."""
    lake.write(Verdict, [verdict for one in judged for verdict in one.verdicts], name)
    if outcomes := [one.outcome for one in judged if one.outcome]:
        lake.write(Outcome, outcomes, name)
    turns = (turn_batch(name.day.isoformat(), found) for row in rows if (found := journal.rows(row[0])))
    lake.write_batches(Turn, arrow_schema(Turn), turns, name)
    lake.write(Trajectory, [Trajectory.model_validate_json(row[1]) for row in rows], name)


def _next_seq(journal: Journal, lake: Lake, run_id: str) -> int:
    day = night_of(run_id)
    last = journal.read("last_part", run_id)[0][0]
    return max(lake.next_part(day, journal.worker, Trajectory).seq, 0 if last is None else last + 1)


def _part_name(path: Path) -> PartName | None:
    """The name of a part that the rollout wrote; None for parts of other writers."""
    with contextlib.suppress(ValueError):
        run_id, worker, seq = path.stem.rsplit("-", 2)
        if worker.rstrip(digits) == WORKER:
            return PartName(night_of(run_id), worker, int(seq))
    return None


def _lists(blobs: Sequence[bytes], kind: pa.DataType) -> pa.Array:
    """A list array of which each row is the values in one blob."""
    width = kind.bit_width // 8
    ends = array("i", accumulate((len(blob) // width for blob in blobs), initial=0))
    offsets = pa.Array.from_buffers(pa.int32(), len(ends), [None, pa.py_buffer(ends.tobytes())])
    values = pa.Array.from_buffers(kind, ends[-1], [None, pa.py_buffer(b"".join(blobs))])
    return pa.ListArray.from_arrays(offsets, values)
