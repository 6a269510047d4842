"""Chooses which parts of a day become one: consecutive parts of one writer, up to a size.

The records that one writer makes under one name (turns, verdicts and trajectories of a rollout) are cut at the same
names, so that their parts still belong together afterwards.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from schemas import RECORDS, Record
from schemas.record import RUN_ID, night_of
from warehouse.lake import Lake, PartName

PART_BYTES = 256 * 1024 * 1024
"""Bytes of the largest record of a merged part: large enough to scan, small enough to sketch in one batch."""
MERGED_FROM = 500_000
"""Merged parts are numbered from here, so that a writer that counts its own parts never reaches one."""
NUMBER = len("-000000")

Parts = Mapping[type[Record], list[Path]]
"""Parts of one day by record, in name order."""
Writer = Callable[[str], bool]
"""Takes the stem of a writer's parts, such as `2026-11-20-rollout`; True if its parts may be merged."""


@dataclass(frozen=True)
class Group:
    """Parts of one writer's day that become one part per record."""

    members: Parts
    """The parts of each record, in name order."""
    name: str
    """The file name of the part that they become."""


def days_before(lake: Lake, day: str) -> Mapping[str, Parts]:
    """The parts of each day folder before `day` (YYYY-MM-DD), in order."""
    found: dict[str, dict[type[Record], list[Path]]] = defaultdict(dict)
    for model in RECORDS:
        for path in lake.parts(model):
            if path.parent.name < f"date={day}":
                found[path.parent.name].setdefault(model, []).append(path)
    return dict(sorted(found.items()))


def groups_of(lake: Lake, parts: Parts, may_merge: Writer, part_bytes: int = PART_BYTES) -> list[Group]:
    """The groups of a day's parts, of two parts or more each; writers that `may_merge` refuses keep their parts."""
    found = []
    for stem, sizes in _sizes(parts).items():
        writer = _writer_of(stem)
        runs = [run for run in _runs(sizes, part_bytes) if len(run) > 1] if writer and may_merge(stem) else []
        if writer and runs:
            first = max(MERGED_FROM, lake.next_part(*writer, *_chosen(parts, sizes)).seq)
            names = [PartName(*writer, first + number).file for number in range(len(runs))]
            found += [Group(_chosen(parts, run), name) for run, name in zip(runs, names, strict=True)]
    return found


def _chosen(parts: Parts, names: Collection[str]) -> Parts:
    found = {model: [path for path in paths if path.name in names] for model, paths in parts.items()}
    return {model: paths for model, paths in found.items() if paths}


def _sizes(parts: Parts) -> Mapping[str, dict[str, int]]:
    """Stem of a writer -> name of a part, in order -> bytes of the largest record of this name."""
    sizes: dict[str, dict[str, int]] = defaultdict(dict)
    names = [(path.name, path.stat().st_size) for paths in parts.values() for path in paths]
    for name, size in sorted(names):
        stem = Path(name).stem[:-NUMBER]
        sizes[stem][name] = max(size, sizes[stem].get(name, 0))
    return sizes


def _runs(sizes: Mapping[str, int], part_bytes: int) -> Iterator[list[str]]:
    """The names in runs of at most `part_bytes`; a part of half as much or more stays alone."""
    run: list[str] = []
    filled = 0
    for name, size in sizes.items():
        is_large = size >= part_bytes / 2
        if run and (is_large or filled + size > part_bytes):
            yield run
            run, filled = [], 0
        if is_large:
            yield [name]
        else:
            run, filled = [*run, name], filled + size
    if run:
        yield run


def _writer_of(stem: str) -> tuple[date, str] | None:
    """The night and the worker of a writer's parts; None for the stem of a file that no writer named."""
    night = RUN_ID.match(stem)
    with suppress(ValueError):
        if night and stem[night.end() :].startswith("-"):
            return night_of(night[0]), stem[night.end() + 1 :]
    return None
