"""Checks and repairs every file of the factory, and prints the outcome: lake, raw responses, state, releases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from flows.commands.integrity.raw_files import raw_faults
from flows.commands.integrity.state_files import StateFault, release_faults, state_faults
from flows.crawl.shards.shard import frontier_files
from flows.rollout.verifiers.rejudge import rejudge
from flows.schedule.run_lock import RunLocked, run_lock
from sources.frontier.recovery import open_frontier
from sources.text.extract import EXTRACTOR
from warehouse.compaction import finish_compaction
from warehouse.connect import connect
from warehouse.console.progress import stage_bar
from warehouse.console.terminal import empty_table
from warehouse.integrity.lake_check import LakeReport, check_lake
from warehouse.integrity.losses import LOST, TASK_LOST, record_losses, unbacked_releases
from warehouse.integrity.repair import Repaired, set_aside, set_parts_aside
from warehouse.lake import DAMAGED, Lake
from warehouse.part_faults import Fault

if TYPE_CHECKING:
    from flows.settings import Settings

MADE_AGAIN = {
    "document": "the next crawl fetches the pages again",
    "fact": "the next night that draws from the facts of pages reads the pages again",
    "task": "finished attempts stay as `task_lost`; `factory tasks` composes new tasks",
    "refusal": "the counts of those nights cannot be made again",
    "hidden": "cannot be made again: attempts at those tasks are judged without their goal",
    "rollout": "the cost of those runs cannot be made again",
    "unfinished": "their reasons become `pending`",
    "trajectory": "the next `factory rollout` makes the attempts again, `factory import` those of files",
    "turn": "made again with their trajectories",
    "outcome": "cannot be made again: the verdicts that read them stay",
    "verdict": "judged again, or made again with their trajectories",
    "reparse": "`factory rollout reparse` makes them again",
    "decision": "`factory refine` makes the newest again",
    "benchmark": "made again with the decisions",
    "overlap": "made again with the decisions",
    "release": "releases themselves are whole; `factory publish` records the newest again",
    "published": "recorded again with their release",
    "withdrawal": "cannot be made again: repeat the requests; manifest.json of earlier releases lists them",
    "audit": "`factory refine audit --read SHEET` reads the sheet again",
    "imported": "`factory import FILE` imports the rows again",
}
"""Record -> the way in which its lost rows come back."""
WIDE = 10_000
"""Characters per line of output that does not go to a terminal."""


def print_check(settings: "Settings") -> bool:
    """Check everything and print a table of the damaged files; True if there is none."""
    with stage_bar("check", settings.state) as report:
        found = check_lake(Lake(settings.lake), report)
    beside = [*raw_faults(Lake(settings.lake), found, settings.state), *_beside(settings), *release_faults(settings)]
    table = empty_table(("file", "reason", "explanation"), "damaged files")
    faults: list[Fault | StateFault] = [*found.faults, *beside]
    for fault in faults:
        table.add_row(_short(fault.path, settings), fault.code, fault.phrase)
    if table.rows:
        Console(width=None if Console().is_terminal else WIDE).print(table)
    _print_counts(found, len(found.faults) + len(beside))
    return not table.rows


def repair_all(settings: "Settings") -> None:
    """Check everything, set damaged files aside, make again what can be made, and print what is lost.

    The caller holds the run lock.
    """
    lake = Lake(settings.lake)
    with stage_bar("repair", settings.state) as report:
        finish_compaction(lake)
        found = check_lake(lake, report)
        beside = [*raw_faults(lake, found, settings.state), *state_faults(settings)]
        done = set_aside(lake, found)
        if "published" in done.records:
            set_parts_aside(lake, unbacked_releases(lake), done)
        for fault in beside:
            if fault.mend:
                fault.mend()
        losses = record_losses(lake, datetime.now(UTC).date())
        verdicts = rejudge(lake)
        pages = _forget_lost_pages(settings) if "document" in done.records else 0
    for line in (*_repaired(lake, done, losses), *_mended(settings, beside)):
        typer.echo(line)
    if verdicts:
        typer.echo(f"{verdicts} verdicts were made again")
    if pages:
        typer.echo(f"{pages} pages are fetched whole by the next crawl")
    for fault in release_faults(settings):
        typer.echo(f"left: {_short(fault.path, settings)}: {fault.phrase}")
    typer.echo("next: factory checks" if done.moved or done.restored or done.records or beside else "nothing to repair")


def _beside(settings: "Settings") -> list[StateFault]:
    """The faults of the state, unless a run changes it now."""
    try:
        with run_lock(settings.state):
            return list(state_faults(settings))
    except RunLocked:
        typer.echo("a run is under way: state was not checked")
        return []


def _forget_lost_pages(settings: "Settings") -> int:
    """Let the crawl ask for whole pages where the lake lost their text; returns the number of pages."""
    paths = [path for _, path in frontier_files(settings.state) if path.exists()]
    if not paths:
        return 0
    with connect(Lake(settings.lake)) as con:
        kept = {name for (name,) in con.sql("select doc_id from documents where status = 'ok'").fetchall()}
    forgotten = 0
    for path in paths:
        with open_frontier(path, EXTRACTOR)[0] as frontier:
            forgotten += frontier.forget(frontier.known_documents() - kept)
    return forgotten


def _print_counts(found: LakeReport, damaged: int) -> None:
    typer.echo(f"{len(found.sound)} parts of the lake with {found.rows} rows are sound; damaged files: {damaged}")
    if found.without_checksum:
        typer.echo(f"{len(found.without_checksum)} parts have no recorded checksum yet; a repair records them")
    if found.abandoned:
        typer.echo(f"{len(found.abandoned)} temporary files of killed writers; a repair sets them aside")
    if damaged:
        typer.echo("next: factory lake repair")


def _repaired(lake: Lake, done: Repaired, losses: dict[str, int]) -> Iterator[str]:
    for before, after in done.moved:
        yield f"set aside: {before.relative_to(lake.root)} -> {after.relative_to(lake.root)}"
    for before, after in done.restored:
        yield f"restored: {after.relative_to(lake.root)} (it was {before.relative_to(lake.root)})"
    for record in sorted(done.records):
        yield f"lost: {done.lost[record]} rows of {record}: {MADE_AGAIN[record]}"
    if losses.get(LOST):
        yield f"{losses[LOST]} attempts are unfinished with the reason `{LOST}`: the next rollout makes them again"
    if losses.get(TASK_LOST):
        yield f"{losses[TASK_LOST]} trajectories are kept without their task"
    if done.moved:
        yield f"no part was deleted: all are in {lake.root / DAMAGED}"


def _mended(settings: "Settings", faults: list[StateFault]) -> Iterator[str]:
    for fault in faults:
        yield f"{'mended' if fault.mend else 'left'}: {_short(fault.path, settings)}: {fault.phrase}"


def _short(path: Path, settings: "Settings") -> str:
    """The path within the home, else the whole path."""
    home = settings.home
    return str(path.relative_to(home) if path.is_relative_to(home) else path)
