"""Reports the progress of a step: a bar in the terminal, and a small file that `factory status` reads.

A step reports counts through a callback and never prints. The bar goes to standard error, so that standard output can
be piped; without a terminal it becomes one line every few seconds.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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

LINE_INTERVAL_S = 10.0
SAVE_INTERVAL_S = 1.0
OTHER_COLUMNS = 28
"""Columns of a bar's line besides counts and note: spinner, stage, clock, gaps, and a bar of four columns."""


class ProgressCallback(Protocol):
    """Called by a step with the units done, the units in all (None if unknown) and a short note."""

    def __call__(self, done: int, total: int | None, note: str = "") -> None: ...


def silent(done: int, total: int | None, note: str = "") -> None:
    """A progress callback that shows nothing, for tests and library use."""


@contextmanager
def stage_bar(stage: str, state: Path) -> Iterator[ProgressCallback]:
    """Show a progress bar for one stage, and keep `<state>/progress/<stage>.json` current."""
    folder = state / "progress"
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(file=sys.stderr)
    file, lines = folder / f"{stage}.json", ProgressLines(console)
    with progress_bar(console) as bar:
        row = bar.add_task(stage, total=None, note="")
        latest: tuple[int, int | None, str] | None = None
        saved_at = 0.0

        def report(done: int, total: int | None, note: str = "") -> None:
            nonlocal saved_at, latest
            latest = (done, total, note)
            bar.update(row, completed=done, total=total, note=note)
            if time.monotonic() - saved_at > SAVE_INTERVAL_S:
                saved_at = time.monotonic()
                _save(file, *latest)
            lines.print(stage, *latest)

        try:
            yield report
        finally:
            if latest:
                _save(file, *latest)
                lines.print(stage, *latest, now=True)


def progress_bar(console: Console) -> Progress:
    """A bar in one line: counts and clock are never cut, the note is cut at its right, the bar takes the rest."""
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
        note.truncate(max(0, self._console.width - counts - OTHER_COLUMNS), overflow="ellipsis")
        return note


class ProgressLines:
    """Progress as plain lines, for output that is no terminal: one every LINE_INTERVAL_S, and the last one always."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._line = ""
        self._printed_at = float("-inf")

    def print(self, stage: str, done: int, total: int | None, note: str, *, now: bool = False) -> None:
        """Print the progress of the stage if the interval has passed, or at once with `now`; never a line twice."""
        if self._console.is_terminal or not (now or time.monotonic() - self._printed_at > LINE_INTERVAL_S):
            return
        of = f" of {total}" if total is not None else ""
        line = f"{stage}: {done}{of} {note}".rstrip()
        if line != self._line:
            self._line, self._printed_at = line, time.monotonic()
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def write_atomic(path: Path, text: str) -> None:
    """Write a small file by rename: a reader sees the earlier text or the new one, never a part. Raises OSError."""
    write_bytes_atomic(path, text.encode())


def write_bytes_atomic(path: Path, body: bytes) -> None:
    """Write bytes as write_atomic writes text. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(body)
    temporary.replace(path)


def process_start(pid: int) -> int | None:
    """Start time of a process in kernel ticks since boot, from /proc; None if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


def is_running(pid: int, started: int | None) -> bool:
    """True if the process that started at `started` still runs; another process may have got its pid since."""
    return started is not None and process_start(pid) == started


def _save(path: Path, done: int, total: int | None, note: str) -> None:
    pid = os.getpid()
    state = {"done": done, "total": total, "note": note, "at": time.time(), "pid": pid, "born": process_start(pid)}
    with suppress(OSError):  # a full disk must not end the step over its progress file
        write_atomic(path, json.dumps(state))


@dataclass(frozen=True)
class Stage:
    """The last report of a stage: units done of all (None if unknown), a note, and the time (seconds since 1970)."""

    done: int
    total: int | None
    note: str
    at: float
    is_running: bool

    @property
    def share(self) -> float:
        """The share that is done, 0 to 1; 0 while the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def text(self) -> str:
        """Counts and note in words."""
        of = f" of {self.total}" if self.total is not None else ""
        return f"{self.done}{of} {self.note}".rstrip()


def read_stage(state: Path, stage: str) -> Stage | None:
    """The last report of a stage, None if it has none that can be read."""
    try:
        saved = json.loads((state / "progress" / f"{stage}.json").read_bytes())
        running = is_running(saved["pid"], saved.get("born"))
        return Stage(saved["done"], saved["total"], saved["note"], saved["at"], running)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stage_lines(state: Path) -> Iterator[str]:
    """One line per stage that has reported: its progress, the age of the report, and if its process still runs."""
    for path in sorted((state / "progress").glob("*.json"), key=lambda found: found.lstat().st_mtime):
        if stage := read_stage(state, path.stem):
            doing = "working" if stage.is_running else "ended"
            yield f"{path.stem}: {stage.text} ({doing}, {format_duration(time.time() - stage.at)} ago)"
        else:
            yield f"{path.stem}: {path} cannot be read; the next run of this step writes it anew"


def format_duration(seconds: float) -> str:
    """A duration in two units: 12 s, 3 min 20 s, 4 h 05 min, 2 d 03 h."""
    whole = max(0, round(seconds))
    for size, name, part, small in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // part:02d} {small}"
    return f"{whole} s"
