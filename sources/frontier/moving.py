"""Moves the urls of hosts between frontiers, so that the number of shards may change from night to night.

Known pages, waiting urls and the rows of all nights are copied before they are deleted: a kill in between leaves equal
copies. All rows that ended must have been drained, since the numbers of parts stay behind.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from sources.frontier.frontier import Frontier
from sources.urls import origin_of


def copy_hosts(target: Frontier, source: Path, owns: Callable[[str], bool], kinds: str | None = None) -> None:
    """Copy the urls of the hosts that `owns` names from the file `source` to the target; of all kinds, or some."""
    values = {"kinds": kinds}
    with target.attached(source, owns), target.commit():
        target.run("copy_visits", values)
        target.run("copy_known", values)


def copy_taken(target: Frontier, source: Path, day: date, owns: Callable[[str], bool]) -> None:
    """Let the target pass over the urls of the day that the file `source` has, on the origins that `owns` names."""
    with target.attached(source, lambda url: owns(origin_of(url))), target.commit():
        target.run("copy_taken", {"day": day.isoformat()})


def has_kinds(frontier: Frontier, kinds: str) -> bool:
    """True if the frontier has urls of these kinds, of any night."""
    return frontier.row("has_kinds", {"kinds": kinds}) is not None


def delete_kinds(frontier: Frontier, kinds: str) -> None:
    """Delete the urls of these kinds, of all nights, with their known pages."""
    with frontier.commit():
        frontier.run("delete_moved_known", {"kinds": kinds})
        frontier.run("delete_moved_visits", {"kinds": kinds})
