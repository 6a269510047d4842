"""Measures what takes the space of a home: each record of the lake, raw responses, state by its parts, releases."""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.settings import Settings
from schemas import RECORDS
from warehouse.lake import DAMAGED, RAW, Lake
from warehouse.objects import ObjectPath
from warehouse.part_checksums import FOLDER as CHECKSUMS

LAKE = {
    RAW: "raw responses, as servers sent them (retention.raw_days)",
    DAMAGED: "files that `factory lake repair` set aside; delete them by hand once nothing of them is wanted",
    CHECKSUMS: "checksums of the parts",
}
STATE = {
    "frontier.sqlite": "addresses that the crawl has seen",
    "crawl": "addresses that the shards of the crawl have seen",
    "journal.sqlite": "turns of attempts under way",
    "library": "search indexes of the pages (retention.libraries)",
    "dense": "dense indexes of the pages (retention.libraries)",
    "sketches": "shingles and facts of turns, for refine",
    "gate_cache": "answers of gates, for refine",
    "benchmarks": "indexes of benchmarks, for refine",
    "worlds": "states of attempts under way",
    "rehearsal": "homes of rehearsals (retention.rehearsal_days)",
    "git": "copies of repositories that are sources",
    "logs": "logs of servers (retention.log_days)",
    "prefect": "runs, logs and artifacts of Prefect (retention.prefect_days)",
    "publish": "releases that are being built or were interrupted",
    "spill": "what DuckDB wrote beside its memory",
}
OTHER = "other state"
_MEANINGS = dict.fromkeys((model.record for model in RECORDS), "parts of the lake") | LAKE


@dataclass(frozen=True)
class Place:
    """A folder or file of the home."""

    name: str
    files: int
    size: int
    """bytes on the disk's files, holes not counted"""
    meaning: str


def places(settings: Settings) -> list[Place]:
    """Every place that holds files, largest first. A file that vanishes meanwhile counts as none."""
    lake = Lake(settings.lake)
    bucket = _bucket(lake.root) if isinstance(lake.root, ObjectPath) else []
    found = [*_lake(lake.local), *bucket, *_state(settings.state), *_others(settings)]
    return sorted((one for one in found if one.files), key=lambda one: (-one.size, one.name))


def measure(path: Path) -> tuple[int, int]:
    """Number of files and their bytes on disk, of a file or of all below a folder; links are not followed."""
    sizes = list(_sizes(path))
    return len(sizes), sum(sizes)


def _sizes(path: Path) -> Iterator[int]:
    if path.is_symlink() or path.is_file():
        with suppress(FileNotFoundError):
            yield path.lstat().st_blocks * 512
    for folder, below, names in os.walk(path):
        for one in (*(Path(folder, name) for name in names), *(Path(folder, name) for name in below)):
            with suppress(FileNotFoundError):
                if one.is_symlink() or not one.is_dir():
                    yield one.lstat().st_blocks * 512


def _lake(lake: Path) -> Iterator[Place]:
    for path in sorted(lake.iterdir()) if lake.is_dir() else ():
        yield Place(f"lake/{path.name}", *measure(path), _MEANINGS.get(path.name, "other files of the lake"))


def _bucket(root: ObjectPath) -> Iterator[Place]:
    """Each record of a lake in a bucket, by its listing; the settings have the address, too long for a table."""
    sizes: dict[str, list[int]] = defaultdict(list)
    for path in root.glob("**/*"):
        sizes[path.relative_to(root).parts[0]].append(path.stat().st_size)
    for name, found in sizes.items():
        yield Place(f"bucket/{name}", len(found), sum(found), _MEANINGS.get(name, "other files of the lake"))


def _state(state: Path) -> Iterator[Place]:
    for path in sorted(state.iterdir()) if state.is_dir() else ():
        name = next((one for one in STATE if path.name == one or path.name.startswith(f"{one}-")), None)
        yield Place(f"state/{path.name}", *measure(path), STATE[name] if name else OTHER)


def _others(settings: Settings) -> Iterator[Place]:
    yield Place("warehouse.duckdb", *measure(settings.warehouse), "views over the lake")
    if "://" not in settings.publish.to:
        yield Place(settings.publish.to, *measure(Path(settings.publish.to)), "releases (retention.releases)")
