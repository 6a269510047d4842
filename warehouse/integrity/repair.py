"""Sets damaged parts of the lake aside, whole, and gives misnamed parts their names back.

A part is moved to `damaged/` under its own path and never deleted. The parts that one writer made together under one
name stand or fall together: turns without trajectories, or published rows without their release, would not add up.
Every move is a rename and the damaged part moves last, so a repair that was killed goes on where it was.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq

from schemas import (
    RECORDS,
    Benchmark,
    Decision,
    Imported,
    Overlap,
    Published,
    Record,
    Release,
    Task,
    Trajectory,
    Turn,
    Verdict,
)
from warehouse import part_checksums
from warehouse.integrity.lake_check import LakeReport, rightful_version
from warehouse.lake import DAMAGED, Lake, sync
from warehouse.objects import ObjectPath, is_there, parquet_source
from warehouse.part_checksums import measured
from warehouse.part_faults import Fault

TOGETHER: tuple[tuple[type[Record], ...], ...] = (
    (Turn, Verdict, Imported, Task, Trajectory),
    (Benchmark, Overlap, Decision),
    (Published, Release),
)
"""Records of which a writer makes one part each, under one name."""
MADE_AGAIN = {"verdict"}
"""Records whose lost parts are made again from their companions, which stay."""


@dataclass
class Repaired:
    """The outcome of a repair."""

    moved: list[tuple[Path, Path]] = field(default_factory=list)
    """Place before and after, of damaged parts and of their companions."""
    restored: list[tuple[Path, Path]] = field(default_factory=list)
    """Place before and after, of parts that had another part's name."""
    lost: Counter[str] = field(default_factory=Counter)
    """Rows of parts set aside or gone, by record; only rows whose number is known."""
    records: set[str] = field(default_factory=set)
    """Records of which parts were set aside or are gone."""


def set_aside(lake: Lake, found: LakeReport) -> Repaired:
    """Repair the lake's files by the faults that a check found. Raises OSError if a file cannot be moved."""
    done = Repaired()
    originals = {fault.original for fault in found.faults}
    for fault in found.faults:
        if fault.code == "version":
            _clear(lake, fault.path)
            lake.write_version(rightful_version(lake))
        elif fault.original or fault.path in originals:
            _clear(lake, fault.path)
        else:
            for part in _companions(lake, fault):
                _move(lake, part, done)
            _move(lake, fault.path, done, fault)
    for fault in found.faults:
        if fault.original:
            _restore(lake, fault.path, fault.original, done)
    for path in found.abandoned:
        _move(lake, path, done)
    for path in found.without_checksum:
        if path.exists():
            part_checksums.record(lake.root, path, measured(path, pq.read_metadata(parquet_source(path)).num_rows))
    return done


def set_parts_aside(lake: Lake, parts: Iterable[Path], done: Repaired) -> None:
    """Set further parts aside, which would not add up without those that were lost. Raises OSError."""
    for path in parts:
        _move(lake, path, done)


def damaged_parts(lake: Lake, model: type[Record]) -> Iterator[Path]:
    """Every part of a record that this repair or an earlier one set aside, in name order."""
    yield from sorted((lake.root / DAMAGED / model.record).glob("*/*.parquet*"))


def _companions(lake: Lake, fault: Fault) -> Iterator[Path]:
    """The parts that its writer made under the same name, unless the lost part can be made again from them."""
    if fault.code in ("copy", "misplaced", "other_run") or (fault.record in MADE_AGAIN and _is_of_rollout(fault.path)):
        return
    if fault.code in ("schema", "foreign") and not part_checksums.recorded(lake.root, fault.path):
        return
    records = next((group for group in TOGETHER if fault.record in {model.record for model in group}), ())
    for model in records:
        path = lake.root / model.record / fault.path.parent.name / fault.path.name
        if path != fault.path and is_there(path):
            yield path


def _is_of_rollout(path: Path) -> bool:
    return path.stem.endswith(f"-rollout-{path.stem[-6:]}")


def _move(lake: Lake, path: Path, done: Repaired, fault: Fault | None = None) -> None:
    """Move a part and its checksum to the damaged folder, and count its rows."""
    record = path.relative_to(lake.root).parts[0]
    checksum = part_checksums.recorded(lake.root, path)
    place = _damaged_place(lake, path)
    if is_there(path):
        _rename(path, place)
        done.moved.append((path, place))
    elif fault:
        _leave_note(place.with_name(f"{place.name}.missing"))
    if record in {model.record for model in RECORDS} and (fault is None or fault.code != "copy"):
        done.records.add(record)
        done.lost[record] += checksum.rows if checksum else 0
    part_checksums.forget(lake.root, path)


def _leave_note(place: Path) -> None:
    """Mark in the damaged folder that a part is gone: its rows are lost, too."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch()


def _clear(lake: Lake, path: Path) -> None:
    """Move a file whose place or name belongs to a sound part aside; checksums stay for that part."""
    if is_there(path) and not path.is_relative_to(lake.root / DAMAGED):
        _rename(path, _damaged_place(lake, path))


def _restore(lake: Lake, path: Path, original: Path, done: Repaired) -> None:
    """Give a misnamed part its name back, from the damaged folder."""
    source = path if path.is_relative_to(lake.root / DAMAGED) else _newest_damaged(lake, path)
    if source and not is_there(original):
        _rename(source, original)
        done.restored.append((path, original))


def _damaged_place(lake: Lake, path: Path) -> Path:
    """A free place for a file in the damaged folder: its own path, with a number if an earlier file lies there."""
    place = lake.root / DAMAGED / path.relative_to(lake.root)
    numbered = (place.with_name(f"{place.name}.{number}") for number in count(1))
    return place if not is_there(place) else next(one for one in numbered if not is_there(one))


def _newest_damaged(lake: Lake, path: Path) -> Path | None:
    place = lake.root / DAMAGED / path.relative_to(lake.root)
    named = re.compile(re.escape(place.name) + r"(\.\d+)?")
    found = (one for one in place.parent.glob(f"{place.name}*") if named.fullmatch(one.name))
    return max(found, key=lambda one: one.lstat().st_ctime_ns, default=None)


def _rename(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)
    if not isinstance(place, ObjectPath):
        sync(place.parent)
