"""Compacts the lake of a home: which nights are closed, which writers still need their own parts, and the caches.

A night is closed when a later one is the newest. Parts that the journal or the frontier may still look for by name
keep their names, and so do those of imports: a repeated import finds by them what it has done.
"""

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

from flows.crawl.shards.shard import frontier_files
from flows.imports.problem import COMPOSER
from flows.refine.dedupe.merged_caches import merge_caches
from flows.rollout.journal.file import sql as journal_sql
from flows.rollout.journal.journal import WORKER
from flows.rollout.shards.shard import journal_of, left_folders
from flows.settings import Settings
from schemas.record import day_of
from sources.frontier.database import SQL as FRONTIER_SQL
from warehouse.compaction import Choice, Compacted, compact
from warehouse.console.progress import ProgressCallback, stage_bar
from warehouse.lake import Lake, LakeError

LOG = logging.getLogger(__name__)


def compact_after_night(settings: Settings, night: date) -> None:
    """Merge the parts of earlier nights with a progress bar; a failure is logged, since the night itself is done."""
    try:
        with stage_bar("compact", settings.state) as report:
            done = compact_closed_nights(settings, night, report)
    except LakeError as error:
        LOG.warning("the parts of closed nights were not merged: %s", error)
        return
    for reason in done.left:
        LOG.warning("parts stay as they are: %s", reason)


def compact_closed_nights(settings: Settings, newest: date, report: ProgressCallback) -> Compacted:
    """Merge the parts of all nights of days before that of `newest`. Call it under the run lock.

    Raises LakeError if the disk refuses; the same call continues.
    """
    is_unconfirmed = has_unconfirmed(settings.state)

    def may_merge(stem: str) -> bool:
        return not (f"-{COMPOSER}-" in stem or is_unconfirmed(stem))

    choice = Choice(day_of(newest), may_merge, partial(merge_caches, settings.state))
    return compact(Lake(settings.lake), choice, report)


def has_unconfirmed(state: Path) -> Callable[[str], bool]:
    """A function of a stem such as `2026-11-20-rollout`: True if parts with it are not confirmed, or may not be.

    A file that cannot be read confirms nothing: all parts of its writer count as unconfirmed.
    """
    journals = {WORKER: state / "journal.sqlite"} | {worker: journal_of(path) for path, worker in left_folders(state)}
    writers = {worker: _nights(path, journal_sql("assigned_parts")) for worker, path in journals.items()}
    for worker, path in frontier_files(state):
        found = _nights(path, FRONTIER_SQL["unwritten_parts"])
        before = writers.get(worker, frozenset())  # shards of two numbers have writers of one name
        writers[worker] = None if found is None or before is None else found | before

    def is_unconfirmed(stem: str) -> bool:
        night, _, writer = stem.rpartition("-")
        nights = writers.get(writer, frozenset())
        return nights is None or night in nights

    return is_unconfirmed


def _nights(path: Path, query: str) -> frozenset[str] | None:
    """The nights with parts that are not confirmed; None if the file cannot be read."""
    if not path.exists():
        return frozenset()
    try:
        with closing(sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True)) as db:
            return frozenset(str(night) for night, _ in db.execute(query))
    except sqlite3.DatabaseError:
        return None
