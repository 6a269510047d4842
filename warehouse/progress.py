"""What a stage says of itself while it works: a bar in the terminal, a small file for `factory status`.

A stage reports counts; it never prints. The bar goes to standard error, so that output can be piped, and
becomes one line every few seconds where there is no terminal.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

QUIET_INTERVAL_S = 10.0


class Report(Protocol):
    """Told by a stage how far it is: units done, units in all (None: not known), and a short note."""

    def __call__(self, done: int, total: int | None, note: str = "") -> None: ...


def silent(done: int, total: int | None, note: str = "") -> None:
    """A report that nobody reads, for tests and library use."""


@contextmanager
def stage_bar(stage: str, state: Path) -> Iterator[Report]:
    """A progress bar for one stage; also keeps `<state>/progress/<stage>.json` current."""
    folder = state / "progress"
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(file=sys.stderr)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        row = bar.add_task(stage, total=None, note="")
        last_file = last_line = 0.0

        def report(done: int, total: int | None, note: str = "") -> None:
            nonlocal last_file, last_line
            bar.update(row, completed=done, total=total, note=note)
            now = time.monotonic()
            if now - last_file > 1 or done == total:
                last_file = now
                _save(folder / f"{stage}.json", done, total, note)
            if not console.is_terminal and (now - last_line > QUIET_INTERVAL_S or done == total):
                last_line = now
                of = f" of {total}" if total is not None else ""
                console.print(f"{stage}: {done}{of} {note}".rstrip(), highlight=False)

        yield report


def _save(path: Path, done: int, total: int | None, note: str) -> None:
    temporary = path.with_suffix(".tmp")
    said = {"done": done, "total": total, "note": note, "at": time.time(), "pid": os.getpid()}
    temporary.write_text(json.dumps(said))
    temporary.replace(path)


def stage_lines(state: Path) -> Iterator[str]:
    """One line a stage that has reported: how far it is, and whether its process still works."""
    for path in sorted((state / "progress").glob("*.json"), key=lambda found: found.stat().st_mtime):
        said = json.loads(path.read_text())
        of = f" of {said['total']}" if said["total"] is not None else ""
        ago = time.time() - said["at"]
        doing = "working" if Path(f"/proc/{said['pid']}").exists() else "ended"
        yield f"{path.stem}: {said['done']}{of} {said['note']} ({doing}, {ago:.0f} s ago)"
