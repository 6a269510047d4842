"""Finds what the settings let go: old indexes, spill files, releases, raw responses, rehearsals and logs.

Nothing that an existing release needs for its lineage is among it. The caller holds the run lock, so no run builds
or reads what is found.
"""

import os
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb

from flows.environments.library import DENSE
from flows.retention.record import RAW, RELEASE, Removable, removed_paths
from flows.retention.space import measure
from flows.settings import Settings
from schemas.record import day_of
from warehouse.connect import connect, execute, query
from warehouse.lake import RAW as RAW_FOLDER
from warehouse.lake import Lake

DAY_S = 86_400
LEFT = ".pruned"
"""End of the name of a folder whose removal was interrupted."""


def releases(settings: Settings, con: duckdb.DuckDBPyConnection) -> Iterator[Removable]:
    """Releases in the local folder beyond the newest `retention.releases`; never the one that `latest` names."""
    kept, root = settings.retention.releases, Path(settings.publish.to).absolute()
    if kept is None or "://" in settings.publish.to:
        return
    rows = execute(con, query("retention", "releases_by_age")).fetchall()
    existing = [Path(row[0]) for row in rows if Path(row[0]).parent == root and Path(row[0]).is_dir()]
    latest = (root / "latest").resolve()
    for path in existing[kept:]:
        if path.resolve() != latest:
            yield _removable(RELEASE, path, f"older than the newest {kept} (retention.releases)")


def raw_responses(settings: Settings, con: duckdb.DuckDBPyConnection, newest: date) -> Iterator[Removable]:
    """Files of raw responses older than `retention.raw_days` that neither a held page nor an existing release needs."""
    days = settings.retention.raw_days
    if days is None:
        return
    removed = list(removed_paths(settings.state, RELEASE))
    needed = {name for (name,) in execute(con, query("retention", "needed_raw_files"), {"removed": removed}).fetchall()}
    lake = Lake(settings.lake).local.absolute()
    oldest = f"date={day_of(newest - timedelta(days=days))}"
    for folder in sorted((lake / RAW_FOLDER).glob("date=*")):
        for path in sorted(folder.glob("*.warc.gz")) if folder.name < oldest else ():
            if path.relative_to(lake).as_posix() not in needed:
                yield _removable(RAW, path, f"older than {days} days, and nothing needs it (retention.raw_days)")


def indexes(settings: Settings) -> Iterator[Removable]:
    """Search indexes beyond the newest `retention.libraries`, and dense indexes of libraries that are gone."""
    kept = settings.retention.libraries
    by_age = sorted(_entries(settings.state / "library"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[kept:]:
        yield _removable("search index", path, f"older than the newest {kept} (retention.libraries)")
    names = {path.name for path in by_age[:kept]}
    for path in (path for model in _entries(settings.state / DENSE) for path in _entries(model)):
        if path.name not in names:
            yield _removable("dense index", path, "its library is gone")


def by_days(settings: Settings) -> Iterator[Removable]:
    """Rehearsals and logs that have not changed for as many days as the settings name."""
    rules = (
        ("rehearsal", settings.state / "rehearsal", settings.retention.rehearsal_days, "retention.rehearsal_days"),
        ("log", settings.logs, settings.retention.log_days, "retention.log_days"),
    )
    for kind, folder, days, key in rules:
        for path in _entries(folder) if days else ():
            if _changed(path) < time.time() - (days or 0) * DAY_S:
                yield _removable(kind, path, f"unchanged for {days} days ({key})")


def leftovers(settings: Settings) -> Iterator[Removable]:
    """Spill files of processes that were killed, and folders of which a removal was interrupted."""
    for path in _entries(settings.state / "spill"):
        yield _removable("spill", path, "no process uses it")
    for folder in (Path(settings.publish.to), settings.state / "library", settings.state / "rehearsal"):
        for path in sorted(folder.glob(f".*{LEFT}")):
            yield _removable("removal", path, "its removal was interrupted")


def candidates(settings: Settings, newest: date) -> Iterator[Removable]:
    """All that the settings let go on the night `newest`. Raises LakeError if the lake cannot be read."""
    yield from leftovers(settings)
    if settings.retention.releases or settings.retention.raw_days:
        with connect(Lake(settings.lake)) as con:
            yield from releases(settings, con)
            yield from raw_responses(settings, con, newest)
    yield from indexes(settings)
    yield from by_days(settings)


def _removable(kind: str, path: Path, reason: str) -> Removable:
    return Removable(kind, path.absolute(), measure(path)[1], reason)


def _entries(folder: Path) -> list[Path]:
    """Files and folders with a plain name; hidden ones are being written."""
    return sorted(path for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []


def _changed(path: Path) -> float:
    """Time of the last change of a file, or of any below a folder, in seconds."""
    inside = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    return max((one.lstat().st_mtime for one in inside), default=path.lstat().st_mtime)
