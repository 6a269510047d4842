"""Examines every file of the lake: parts with all their pages, missing parts, copies, temporary files, the version.

Nothing is changed and no lock is taken, so a check can run beside readers and beside a run. Parts stream through; no
part is held in memory.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow.parquet as pq

from schemas import RECORDS, Record, sha256_file
from schemas.record import SCHEMA_VERSION
from schemas.renames import COLUMNS
from warehouse import part_checksums
from warehouse.compaction import being_replaced
from warehouse.console.progress import ProgressCallback, is_running, process_start
from warehouse.lake import DAMAGED, EMPTY_PARTITION, FIRST_VERSION, VERSION_FILE, Lake, LakeError
from warehouse.objects import is_there, parquet_source
from warehouse.part_faults import READ_ERRORS, Fault, examine, find_copies

DAY_FOLDER = re.compile(r"date=\d{4}-\d\d-\d\d")
TEMPORARY = re.compile(r"\..+\.(\d+)(?:-\d+)?\.tmp")
"""Name of a temporary file: the process that writes it, and the thread."""
ABANDONED_S = 3_600.0
"""Seconds after which a temporary file of an unknown process counts as abandoned."""


@dataclass
class LakeReport:
    """The outcome of a check."""

    faults: list[Fault] = field(default_factory=list)
    sound: list[tuple[type[Record], Path]] = field(default_factory=list)
    """Every part without a fault, with its record."""
    rows: int = 0
    """Rows of the sound parts."""
    without_checksum: list[Path] = field(default_factory=list)
    """Sound parts whose checksum is not recorded, such as those of an earlier factory."""
    abandoned: list[Path] = field(default_factory=list)
    """Temporary files of killed writers: no reader opens them."""


def check_lake(lake: Lake, report: ProgressCallback) -> LakeReport:
    """Examine every file of the lake; the files are read whole."""
    found = LakeReport()
    parts = [(model, path) for model in RECORDS for path in _files(lake, model)]
    for done, (model, path) in enumerate(parts):
        report(done, len(parts), path.name)
        if fault := _fault(lake, model, path):
            found.faults.append(fault)
        else:
            _add_sound(lake, model, path, found)
    _find_copies(lake, found)
    found.faults += [fault for model in RECORDS for fault in _missing(lake, model)]
    found.faults = [*with_originals(lake, found), *_version_fault(lake)]
    found.abandoned = list(abandoned_files(lake))
    report(len(parts), len(parts), f"{len(found.faults)} damaged")
    return found


def abandoned_files(lake: Lake) -> Iterator[Path]:
    """Temporary files whose writer is gone."""
    for path in sorted(lake.root.glob("*/**/.*.tmp")):
        named = TEMPORARY.fullmatch(path.name)
        try:
            age = time.time() - path.lstat().st_mtime
        except FileNotFoundError:
            continue
        pid = int(named[1]) if named else 0
        if pid == os.getpid() or not is_running(pid, process_start(pid)) or age > ABANDONED_S:
            yield path


def with_originals(lake: Lake, found: LakeReport) -> list[Fault]:
    """The faults, where a file that holds another part's rows, misnamed or set aside, is named as that part's file."""
    wanted = {
        recorded.sha256: fault
        for fault in found.faults
        if (recorded := part_checksums.recorded(lake.root, fault.path)) and fault.code != "copy"
    }
    strays = [fault.path for fault in found.faults] + found.without_checksum if wanted else []
    strays += sorted((lake.root / DAMAGED).rglob("*.parquet*")) if wanted else []
    originals = {path: wanted[hashed].path for path in strays if (hashed := _hash_of(path)) in wanted}
    named = [replace(fault, original=originals.pop(fault.path, None)) for fault in found.faults]
    restored = {fault.original for fault in named} | set(originals.values())
    return [
        *(fault for fault in named if fault.code != "missing" or fault.path not in restored),
        *(
            Fault(path, wanted[_hash_of(path)].record, "misnamed", f"it is the part {original.name}", None, original)
            for path, original in originals.items()
        ),
    ]


def _hash_of(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError:
        return ""


def _files(lake: Lake, model: type[Record]) -> list[Path]:
    """Every file that readers of the record open, without the empty part, which each start makes again."""
    return [path for path in lake.files(model) if path != lake.empty_part(model) or path.is_dir()]


def _fault(lake: Lake, model: type[Record], path: Path) -> Fault | None:
    day = path.parent.name
    if path.is_dir():
        return Fault(path, model.record, "directory", "it is a folder, not a file")
    if (
        day == EMPTY_PARTITION
        or not DAY_FOLDER.fullmatch(day)
        or not path.name.startswith(f"{day.removeprefix('date=')}")
    ):
        return Fault(path, model.record, "misplaced", "its name is not that of a part of its folder's day")
    return examine(lake, model, path, whole=True)


def _find_copies(lake: Lake, found: LakeReport) -> None:
    """Turn parts without a checksum that are copies of another part into faults."""
    for copy in list(find_copies(lake, found.sound)):
        found.faults.append(copy)
        found.sound[:] = [part for part in found.sound if part[1] != copy.path]
        found.without_checksum.remove(copy.path)


def _add_sound(lake: Lake, model: type[Record], path: Path, found: LakeReport) -> None:
    recorded = part_checksums.recorded(lake.root, path)
    found.sound.append((model, path))
    found.rows += recorded.rows if recorded else pq.read_metadata(parquet_source(path)).num_rows
    if not recorded:
        found.without_checksum.append(path)


def _missing(lake: Lake, model: type[Record]) -> Iterator[Fault]:
    replaced = {(one.day, name) for one in being_replaced(lake) if one.record == model.record for name in one.members}
    for path in part_checksums.recorded_parts(lake.root, model.record):
        if not is_there(path) and (path.parent.name, path.name) not in replaced:
            recorded = part_checksums.recorded(lake.root, path)
            yield Fault(path, model.record, "missing", "it is gone", recorded.rows if recorded else None)


def _version_fault(lake: Lake) -> Iterator[Fault]:
    """A fault if the version file cannot be read, or contradicts the versions of the parts."""
    path = lake.root / VERSION_FILE
    try:
        version = lake.version()
    except LakeError:
        yield Fault(path, "lake", "version", "it holds no schema version")
        return
    if version not in (None, FIRST_VERSION, rightful_version(lake)):
        yield Fault(path, "lake", "version", f"it says version {version}, which the parts do not have")


def rightful_version(lake: Lake) -> str:
    """The schema version of a lake by its readable parts: the highest, or the first while parts await a migration."""
    versions = {_version_of(path) for model in RECORDS for path in lake.parts(model)} | {int(SCHEMA_VERSION)}
    renamed = {model for model in RECORDS if model.record in COLUMNS}
    waits = any(_version_of(path) < int(SCHEMA_VERSION) for model in renamed for path in lake.parts(model))
    return FIRST_VERSION if waits else str(max(versions))


def _version_of(path: Path) -> int:
    try:
        metadata = pq.read_schema(parquet_source(path)).metadata or {}
        return int(metadata.get(b"horizon_schema_version", FIRST_VERSION))
    except READ_ERRORS:
        return int(SCHEMA_VERSION)
