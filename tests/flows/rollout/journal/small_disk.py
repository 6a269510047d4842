"""Runs a rollout on a small disk that is too full, fills up or becomes read-only; a program for test_disk.

`python -m tests.flows.rollout.journal.small_disk fills_up FOLDER`, where FOLDER is the disk, prints the outcome.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from flows.rollout.journal.drain import drain
from flows.rollout.journal.file import JournalError
from flows.rollout.journal.recovery import open_journal
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, open_tiny_dialect, opening
from tests.flows.rollout.journal.test_journal import fill
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
TURNS = 8 * 2 * 3


def opens(disk: Path) -> None:
    """Open a journal."""
    with open_journal(disk / "state" / "j.sqlite", Lake(disk / "lake"))[0]:
        print("opened")


def becomes_read_only(disk: Path) -> None:
    """Open a journal on a disk that was made read-only since the last run."""
    with open_journal(disk / "state" / "j.sqlite", Lake(disk / "lake"))[0] as journal:
        asyncio.run(fill(journal, ["a"], finish=False))
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    print_error(lambda: opens(disk))


def fills_up(disk: Path) -> None:
    """Run a rollout while a file fills the disk, and once more after the file is deleted."""
    home, filler = Settings(home=disk), disk / "filler"
    write_wiki_tasks(Lake(home.lake), DAY, 8)
    teacher = ScriptedTeacher(lambda prompt, seed: "")

    def fill_halfway(prompt: str, seed: int) -> str:
        if len(teacher.exchanges) == TURNS // 2:
            fill_disk(filler)
        return reading(prompt, seed)

    teacher.script = fill_halfway
    print_error(lambda: run_rollout(home, DAY, silent, Factories(opening(teacher), open_tiny_dialect)))
    print(len(teacher.exchanges) < TURNS, "stopped early")
    filler.unlink()
    teacher.script = reading
    print(run_rollout(home, DAY, silent, Factories(opening(teacher), open_tiny_dialect))["pending"], "pending")
    sampled = {(tuple(prompt), tuple(ids)) for prompt, ids in teacher.exchanges}
    print(len(sampled) == TURNS, "all sampled")
    print(len(teacher.exchanges) - len(sampled) <= 4, "only turns in flight sampled again")
    with open_journal(home.state / "journal.sqlite", Lake(home.lake))[0] as journal:
        print(drain(journal, Lake(home.lake)), "left")


def fill_disk(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb") as out:
        try:
            while True:
                out.write(bytes(1 << 16))
                out.flush()
        except OSError:
            pass


def print_error(work: Callable[[], Any]) -> None:
    try:
        work()
    except JournalError as error:
        print(type(error).__name__, error)


if __name__ == "__main__":
    programs: dict[str, Callable[[Path], None]] = {
        "opens": lambda disk: print_error(lambda: opens(disk)),
        "becomes_read_only": becomes_read_only,
        "fills_up": fills_up,
    }
    programs[sys.argv[1]](Path(sys.argv[2]))
