"""What a stage says of itself while it works: a bar in the terminal, a small file for `factory status`.

A stage reports counts; it never prints. The bar goes to standard error, so that output can be piped, and
becomes one line every few seconds where there is no terminal.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

QUIET_INTERVAL_S = 10.0
REST_COLUMNS = 28
"""Of a bar's line: spinner, stage, clock, the gaps, and a bar of four columns."""


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
    file, told = folder / f"{stage}.json", Told(console)
    with bar_on(console) as bar:
        row = bar.add_task(stage, total=None, note="")
        said: tuple[int, int | None, str] | None = None
        last = 0.0

        def report(done: int, total: int | None, note: str = "") -> None:
            nonlocal last, said
            said = (done, total, note)
            bar.update(row, completed=done, total=total, note=note)
            if time.monotonic() - last > 1:
                last = time.monotonic()
                _save(file, *said)
            told.say(stage, *said)

        try:
            yield report
        finally:
            if said:
                _save(file, *said)
                told.say(stage, *said, now=True)


def bar_on(console: Console) -> Progress:
    """A bar of one line: counts and clock are always whole, the note is cut at its right, the bar takes the rest."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<8}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        _Note(console),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
        console=console,
        disable=not console.is_terminal,
    )


class _Note(ProgressColumn):
    def __init__(self, console: Console) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._console = console

    def render(self, task: Task) -> Text:
        counts = 2 * len(str(task.total or "?")) + 1
        note = Text(task.fields["note"], no_wrap=True)
        note.truncate(max(0, self._console.width - counts - REST_COLUMNS), overflow="ellipsis")
        return note


class Told:
    """Lines for a console that is no terminal: one every few seconds, the last one always, none twice."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._line = ""
        self._at = float("-inf")

    def say(self, stage: str, done: int, total: int | None, note: str, *, now: bool = False) -> None:
        """Print how far the stage is, when it is time to."""
        if self._console.is_terminal or not (now or time.monotonic() - self._at > QUIET_INTERVAL_S):
            return
        of = f" of {total}" if total is not None else ""
        line = f"{stage}: {done}{of} {note}".rstrip()
        if line != self._line:
            self._line, self._at = line, time.monotonic()
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def save_whole(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old text or the new one, never a part; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def born(pid: int) -> int | None:
    """When a process was born, in the kernel's ticks since boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


def alive(pid: int, since: int | None) -> bool:
    """Is that process still there, and not another one that was given its number?"""
    return since is not None and born(pid) == since


def _save(path: Path, done: int, total: int | None, note: str) -> None:
    pid = os.getpid()
    said = {"done": done, "total": total, "note": note, "at": time.time(), "pid": pid, "born": born(pid)}
    with suppress(OSError):  # what cannot be shown must not end the work
        save_whole(path, json.dumps(said))


def stage_lines(state: Path) -> Iterator[str]:
    """One line a stage that has reported: how far it is, and whether its process still works."""
    for path in sorted((state / "progress").glob("*.json"), key=lambda found: found.stat().st_mtime):
        said = json.loads(path.read_text())
        of = f" of {said['total']}" if said["total"] is not None else ""
        note = f" {said['note']}" if said["note"] else ""
        doing = "working" if alive(said["pid"], said.get("born")) else "ended"
        yield f"{path.stem}: {said['done']}{of}{note} ({doing}, {span(time.time() - said['at'])} ago)"


def span(seconds: float) -> str:
    """A span of time for people: 12 s, 3 min 20 s, 4 h 05 min, 2 d 03 h."""
    whole = max(0, round(seconds))
    for size, name, part, small in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // part:02d} {small}"
    return f"{whole} s"
