"""Merges the parts of closed nights, one day at a time, so that opening and scanning a lake does not slow with its age.

A day is staged first: for each record a folder with the merged parts, and links to all other parts. Then a small file
records what replaces what, and from there on the day is switched, record by record, each in one step: who lists parts
sees the small ones or the merged one, never both and never neither. A kill before that file leaves the lake as it was;
after it, the next run finishes the switch. Rows, and their order within a writer's parts, stay the same.
"""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from warehouse import part_checksums
from warehouse.compaction.choice import Choice, Compacted
from warehouse.compaction.groups import Group, days_before, groups_of
from warehouse.compaction.in_bucket import compact_in_bucket
from warehouse.compaction.merging import is_mergeable, merge_parts
from warehouse.compaction.swap import swap_folders
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake, LakeError, replacing, sync
from warehouse.objects import ObjectPath
from warehouse.objects.replaced import Replaced, replaced_parts
from warehouse.part_checksums import PartChecksum

STAGING = ".compaction"
"""Folder of the lake in which a day is staged."""
SWITCH = "switch.json"
"""File of the staging folder that tells which parts the staged ones replace; it exists while a day is switched."""


@dataclass(frozen=True)
class Merged:
    """A merged part of one record, staged or in its place."""

    record: str
    day: str
    name: str
    members: list[str]
    """Names of the parts whose rows it has, in order."""
    checksum: PartChecksum


def compact(lake: Lake, choice: Choice, report: ProgressCallback) -> Compacted:
    """Merge the chosen parts. Only one process may write to the lake; readers may read.

    Raises LakeError if the disk or the store refuses; the same call continues.
    """
    if isinstance(lake.root, ObjectPath):
        return compact_in_bucket(lake, lake.root, choice, report)
    finish_compaction(lake)
    lake.check_version()
    done, days = Compacted(), days_before(lake, choice.before)
    for number, (day, parts) in enumerate(days.items()):
        report(number, len(days), day.removeprefix("date="))
        groups = groups_of(lake, parts, choice.may_merge, choice.part_bytes)
        merged = [one for group in groups if is_mergeable(lake, group, done.left) for one in _stage(lake, day, group)]
        for one in merged:
            choice.on_merged(one.record, _members(lake, one), _staged(lake, one))
        if merged:
            _link_others(lake, day, merged)
            with replacing(lake.root / STAGING / SWITCH) as temporary:
                temporary.write_text(json.dumps([asdict(one) for one in merged]), "utf-8")
        finish_compaction(lake)
        done.before += sum(len(one.members) for one in merged)
        done.after += len(merged)
    if done.before:
        report(len(days), len(days), f"{done.before:,} parts became {done.after:,}")
    return done


def finish_compaction(lake: Lake) -> None:
    """Finish the switch that a killed compaction began, or remove what it staged; call it before writing parts.

    Raises LakeError if the disk refuses.
    """
    folder = lake.root / STAGING
    if isinstance(folder, ObjectPath) or not folder.exists():
        return  # a bucket shows merged parts by one put, which leaves nothing to finish
    try:
        _switch(lake, switching(lake))
        (folder / SWITCH).unlink(missing_ok=True)
        shutil.rmtree(folder)
    except OSError as error:
        raise LakeError(f"cannot replace parts of {lake.root}: {error}. Free space, then run again.") from error


def being_replaced(lake: Lake) -> list[Merged] | list[Replaced]:
    """The merged parts whose members may be gone or still there; empty unless a day is being switched."""
    return replaced_parts(lake.root) if isinstance(lake.root, ObjectPath) else switching(lake)


def switching(lake: Lake) -> list[Merged]:
    """The merged parts that are being put in the place of others on a disk; empty unless a day is being switched."""
    try:
        rows = json.loads((lake.root / STAGING / SWITCH).read_text("utf-8"))
    except FileNotFoundError:
        return []
    return [Merged(**{**row, "checksum": PartChecksum(**row["checksum"])}) for row in rows]


def _stage(lake: Lake, day: str, group: Group) -> list[Merged]:
    """Write the merged parts of a group, one per record that has any of its names."""
    staged = []
    for model, paths in group.members.items():
        target = lake.root / STAGING / model.record / day / group.name
        checksum = merge_parts(model, paths, target)
        staged.append(Merged(model.record, day, group.name, [path.name for path in paths], checksum))
    return staged


def _link_others(lake: Lake, day: str, merged: Iterable[Merged]) -> None:
    """Link the parts that stay into the staged folders of their records."""
    members = {(one.record, name) for one in merged for name in one.members}
    for record in {one.record for one in merged}:
        for path in (lake.root / record / day).iterdir():
            if (record, path.name) not in members and not path.name.startswith("."):
                os.link(path, lake.root / STAGING / record / day / path.name)
        sync(lake.root / STAGING / record / day)


def _switch(lake: Lake, merged: Sequence[Merged]) -> None:
    for record, day in sorted({(one.record, one.day) for one in merged}):
        live, staged = lake.root / record / day, lake.root / STAGING / record / day
        names = {one.name for one in merged if (one.record, one.day) == (record, day)}
        if not all((live / name).exists() for name in names):
            swap_folders(live, staged)
        _keep_late(live, staged, {name for one in merged if one.record == record for name in one.members})
    for one in merged:
        part_checksums.record(lake.root, lake.root / one.record / one.day / one.name, one.checksum)
        for path in _members(lake, one):
            part_checksums.forget(lake.root, path)


def _keep_late(live: Path, replaced: Path, members: set[str]) -> None:
    """Move parts that landed after the day was staged from the replaced folder to the live one."""
    for path in replaced.iterdir() if replaced.exists() else ():
        if path.name not in members and not (live / path.name).exists():
            path.rename(live / path.name)


def _members(lake: Lake, one: Merged) -> list[Path]:
    return [lake.root / one.record / one.day / name for name in one.members]


def _staged(lake: Lake, one: Merged) -> Path:
    return lake.root / STAGING / one.record / one.day / one.name
