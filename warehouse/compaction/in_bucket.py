"""Merges the parts of closed nights of a lake in a bucket: what readers see changes by one conditional put a day.

A merged part is put into `.compaction`, where readers of the records do not see it; then the list of replaced parts
shows it in place of its members. The members stay for readers that listed them before. A later compaction copies the
merged part to its place and deletes the members, and one after that forgets it. A kill between any two requests loses
nothing and shows nothing twice: the next compaction goes on.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from warehouse import part_checksums
from warehouse.compaction.choice import Choice, Compacted
from warehouse.compaction.groups import Group, days_before, groups_of
from warehouse.compaction.merging import is_mergeable, merge_parts
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake, replacing
from warehouse.objects import ObjectPath
from warehouse.objects.replaced import LIST, STAGED, Replaced, replaced_parts, write_replaced


def compact_in_bucket(lake: Lake, root: ObjectPath, choice: Choice, report: ProgressCallback) -> Compacted:
    """Merge the chosen parts, and go on with those that earlier calls merged. Raises LakeError."""
    lake.check_version()
    listed = _forget_old(root, _copy_old(root, choice), choice)
    _remove_unlisted(root, listed)
    busy, done = {one.day for one in listed}, Compacted()
    days = {day: parts for day, parts in days_before(lake, choice.before).items() if day not in busy}
    for number, (day, parts) in enumerate(days.items()):
        report(number, len(days), day.removeprefix("date="))
        groups = groups_of(lake, parts, choice.may_merge, choice.part_bytes)
        merged = [
            one for group in groups if is_mergeable(lake, group, done.left) for one in _staged(root, day, group, choice)
        ]
        if merged:
            listed = write_replaced(root, [*listed, *merged], listed)
        done.before += sum(len(one.members) for one in merged)
        done.after += len(merged)
    if done.before:
        report(len(days), len(days), f"{done.before:,} parts became {done.after:,}")
    return done


def _staged(root: ObjectPath, day: str, group: Group, choice: Choice) -> Iterator[Replaced]:
    """Put the merged parts of a group, one per record that has any of its names."""
    for model, paths in group.members.items():
        one = Replaced(model.record, day, group.name, tuple(path.name for path in paths), time.time())
        with replacing(one.staged(root)) as local:
            checksum = merge_parts(model, paths, local)
        part_checksums.record(root, one.staged(root), checksum)
        choice.on_merged(one.record, paths, one.staged(root))
        yield one


def _copy_old(root: ObjectPath, choice: Choice) -> list[Replaced]:
    """Copy merged parts to their places once readers have stopped to read their members; returns the new list."""
    listed = replaced_parts(root)
    due = [one for one in listed if not one.is_copied and _is_due(one, choice)]
    if not due:
        return listed
    for one in due:
        root.bucket.copy(one.staged(root).object_key, one.place(root).object_key)
        if checksum := part_checksums.recorded(root, one.staged(root)):
            part_checksums.record(root, one.place(root), checksum)
        choice.on_merged(one.record, [one.staged(root)], one.place(root))
    copied = [replace(one, is_copied=True, since=time.time()) if one in due else one for one in listed]
    write_replaced(root, copied, listed)
    _delete_with_checksums(root, (path for one in due for path in one.replaced(root)))
    return copied


def _forget_old(root: ObjectPath, listed: list[Replaced], choice: Choice) -> list[Replaced]:
    """Take merged parts off the list once nobody reads them in `.compaction`; returns the new list."""
    due = [one for one in listed if one.is_copied and _is_due(one, choice)]
    left = [one for one in listed if one not in due]
    if due:
        _delete_with_checksums(root, (path for one in due for path in one.replaced(root)))
        write_replaced(root, left, listed)
    return left


def _is_due(one: Replaced, choice: Choice) -> bool:
    return time.time() - one.since >= choice.keep_s


def _remove_unlisted(root: ObjectPath, listed: Iterable[Replaced]) -> None:
    """Remove the parts of `.compaction` that a killed compaction did not come to list, and those taken off the list."""
    needed = {one.staged(root) for one in listed} | {root / STAGED / LIST}
    _delete_with_checksums(root, (path for path in (root / STAGED).glob("**/*") if path not in needed))


def _delete_with_checksums(root: ObjectPath, parts: Iterable[ObjectPath]) -> None:
    """The parts first: a checksum without its part is not missed while its part is on the list."""
    gone = list(parts)
    root.bucket.delete_all([path.object_key for path in gone])
    root.bucket.delete_all([_checksum_key(root, path) for path in gone])


def _checksum_key(root: ObjectPath, part: ObjectPath) -> str:
    path = part_checksums.checksum_path(root, part)
    return path.object_key if isinstance(path, ObjectPath) else str(path)
