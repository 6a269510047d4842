"""Checks the files beside the lake: state, `warehouse.duckdb`, raw responses and the releases of a local folder.

A fault names the file and the next step. All but the journal and the releases follow from other data, so a repair
makes them again or removes them for the next run to make; the journal is recovered by the next rollout.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.crawl.shards.shard import frontier_files
from flows.environments.library import DENSE
from flows.publish.errors import PublishError
from flows.publish.stores.protocol import LATEST, MANIFEST
from flows.publish.stores.verify_release import find_faults, find_release
from flows.refine.caches import damaged_caches, remove_damaged_caches
from flows.rollout.journal.commit_counter import counter_path
from flows.rollout.journal.file import JournalError, connect_journal
from flows.rollout.monitor.run_status import FILE, is_status_damaged
from flows.rollout.shards.shard import journal_of, left_folders
from flows.settings import Settings
from sources.frontier.frontier import Frontier, FrontierError
from sources.frontier.recovery import set_database_aside
from sources.index.index_writer import is_intact, remove_index
from sources.text.extract import EXTRACTOR
from warehouse.connect import rebuild_warehouse, view_names
from warehouse.console.progress import silent
from warehouse.lake import Lake

JOURNAL_FILES = ("", "-wal", "-witness")


@dataclass(frozen=True)
class StateFault:
    """A damaged file beside the lake."""

    path: Path
    code: str
    phrase: str
    """The damage, and the way in which the file is made again."""
    mend: Callable[[], object] | None = None
    """Makes the file again, or clears its place; None if only its command can."""


def state_faults(settings: Settings) -> Iterator[StateFault]:
    """Every damaged file beside the lake. The caller holds the run lock: a running night changes these files."""
    for _, path in frontier_files(settings.state):
        yield from _frontier_faults(path)
    for journal in (settings.state / "journal.sqlite", *(journal_of(path) for path, _ in left_folders(settings.state))):
        yield from _journal_faults(journal)
    dense = [path for folder in _entries(settings.state / DENSE) for path in _entries(folder)]
    for path in (*_entries(settings.state / "library"), *dense):
        if path.name[0] != "." and not is_intact(path):
            yield StateFault(path, "library", "its files are damaged; it is built again", partial(remove_index, path))
    for path in damaged_caches(settings.state):
        phrase = "it cannot be read whole; refine makes it again"
        yield StateFault(path, "cache", phrase, partial(remove_damaged_caches, settings.state))
    yield from _small_files(settings.state)
    yield from _warehouse_faults(settings)


def release_faults(settings: Settings) -> Iterator[StateFault]:
    """The damaged files of the releases in the local folder of `publish.to`."""
    root = Path(settings.publish.to)
    if "://" in settings.publish.to or not root.is_dir():
        return
    addresses = [root] if os.path.lexists(root / LATEST) else []
    addresses += [path for path in _entries(root) if path.is_dir() and not path.is_symlink() and path.name[0] != "."]
    for address in addresses:
        try:
            release = find_release(str(address))
            faults = [] if address == root else find_faults(release, silent)
        except PublishError as error:
            faults = [str(error)]
        for fault in faults:
            place = address / (LATEST if address == root else MANIFEST)
            phrase = f"{fault}; `factory publish` writes the newest release again, a copy brings back an earlier one"
            yield StateFault(place, "release", phrase)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _frontier_faults(path: Path) -> Iterator[StateFault]:
    if not os.path.lexists(path):
        return
    aside = partial(set_database_aside, path)
    try:
        with Frontier(path, EXTRACTOR) as frontier:
            frontier.verify()
    except FrontierError as error:
        phrase = f"{error.reason}; it is set aside, a new one is started, and pages are fetched again"
        yield StateFault(path, "frontier", phrase, aside)


def _journal_faults(path: Path) -> Iterator[StateFault]:
    """A fault if a copy of the journal does not open: the check must not change the journal itself."""
    if not os.path.lexists(path):
        if counter_path(path).exists():
            yield StateFault(path, "journal", "it is gone; attempts that were under way start again")
        return
    try:
        with TemporaryDirectory(dir=path.parent) as folder:
            for suffix in JOURNAL_FILES:
                source = Path(f"{path}{suffix}")
                if source.exists():
                    (Path(folder) / source.name).write_bytes(source.read_bytes())
            connect_journal(Path(folder) / path.name).close()
    except (JournalError, OSError):
        if path.is_file():
            yield StateFault(path, "journal", "it is damaged; the next `factory rollout` recovers its intact turns")
        else:
            phrase = "it is no file; it is set aside, and attempts that were under way start again"
            yield StateFault(path, "journal", phrase, partial(set_database_aside, path))


def _small_files(state: Path) -> Iterator[StateFault]:
    if is_status_damaged(state):
        path = state / FILE
        yield StateFault(path, "status", "it cannot be read; the next rollout writes it", partial(remove_index, path))
    for path in _entries(state / "progress"):
        if path.suffix == ".json" and not _is_json_object(path):
            phrase = "it cannot be read; the next run of its step writes it"
            yield StateFault(path, "progress", phrase, partial(remove_index, path))


def _is_json_object(path: Path) -> bool:
    try:
        saved = json.loads(path.read_bytes())
        return bool({"done", "total", "note", "at", "pid"} <= saved.keys())
    except (OSError, ValueError, AttributeError):
        return False


def _warehouse_faults(settings: Settings) -> Iterator[StateFault]:
    path = settings.warehouse
    if not os.path.lexists(path):
        return
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            names = {name for (name,) in con.sql("select view_name from duckdb_views()").fetchall()}
        reason = "it lacks views" if view_names() - names else None
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
    if reason:
        yield StateFault(path, "views", f"{reason}; it is built again", partial(_rebuild, settings))


def _rebuild(settings: Settings) -> None:
    if settings.warehouse.is_dir():
        remove_index(settings.warehouse)
    rebuild_warehouse(settings.warehouse, Lake(settings.lake))
