"""Measures workspaces: a stored state after an edit beside git's own, and 256 attempts in flight on two cores.

The attempts run in a process of their own against a scripted teacher that answers at once, so that all of them always
want a core. Its memory is that of the factory; the sandboxes have limits of their own.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.environments.tool import ToolCall
from flows.environments.workspace import WORKSPACE
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings
from flows.settings.environments import SandboxSettings
from tests.benchmarks.figure import Figure, MissingTool
from tests.doubles.domains import available, write_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
FIGURES = (
    "workspace.checkpoint_ms",
    "workspace.peak_mb",
    "workspace.longest_wait",
    "workspace.waiting_recorded",
    "workspace.commands_per_s",
)
EDIT = call("edit", path="package/m7.py", old="value_7_0", new="changed")
TURNS = (
    call("bash", command="python -c 'print(sum(range(10**5)))' > total.txt; cat total.txt"),
    EDIT,
    call("read", path="package/m7.py") + call("bash", command="grep -c value package/*.py | tail -n 3"),
    call("write", path="notes.md", text="changed one module\n"),
    call("bash", command="cat notes.md; ls -R | wc -l"),
)
BASH_TURNS = 3


@dataclass(frozen=True)
class Size:
    """Attempts in flight, files of each workspace, and rounds of a checkpoint."""

    attempts: int
    files: int
    rounds: int


FULL, SMOKE = Size(256, 500, 21), Size(8, 50, 3)


def figures(size: Size) -> Iterator[Figure]:
    """The figures of stored states, then those of a rollout."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        ours, gits = _checkpoint_ms(Path(folder), size)
    yield Figure("workspace.checkpoint_ms", ours, "ms", f"git add and write-tree {gits} ms, {size.files} files")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", __name__, folder, str(size.attempts), str(size.files)]
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    against = f"{size.attempts} attempts in flight on 2 cores"
    units = {"peak_mb": "MB", "longest_wait": "rounds", "waiting_recorded": "1", "commands_per_s": "1/s"}
    for name, unit in units.items():
        yield Figure(f"workspace.{name}", round(done[name], 3), unit, against)


def setup_of(files: int) -> str:
    """A package of that many modules of about 4 KB."""
    modules = {
        f"package/m{number}.py": "\n".join(f"value_{number}_{line} = {line} * {number}" for line in range(150))
        for number in range(files)
    }
    return json.dumps({"files": modules, "tools": ["bash", "read", "edit", "write", "submit"]})


def _checkpoint_ms(folder: Path, size: Size) -> tuple[float, float]:
    """Median milliseconds of a checkpoint after an edit: of the workspace, and of git with a repository outside."""
    world = WORKSPACE.open(setup_of(size.files), Resources(), folder / "attempt")
    world.checkpoint()
    [root] = (folder / "attempt").glob("files-*")
    git = ["git", f"--git-dir={folder / 'repository'}", f"--work-tree={root}"]
    subprocess.run([*git, "init", "-q"], check=True)
    ours, gits = list[float](), list[float]()
    time.sleep(0.1)
    for number in range(size.rounds):
        text = f"round {number}\n"
        world.act(ToolCall("c", "write", {"path": "package/m1.py", "text": text}))
        start = time.perf_counter()
        world.checkpoint()
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        for command in (["add", "-A", "-f"], ["write-tree"]):
            subprocess.run([*git, *command], check=True, stdout=subprocess.DEVNULL)
        gits.append(time.perf_counter() - start)
    world.close()
    return round(1000 * statistics.median(ours), 1), round(1000 * statistics.median(gits[1:]), 1)


def _roll_out(home: Path, attempts: int, files: int) -> dict[str, float]:
    """Figures of a rollout of that many attempts, all of them in flight.

    A round is the time in which the cores serve each attempt once: where no attempt starves, none waits much longer.
    """
    rollout = Rollout(max_in_flight=attempts, tool_workers=0)
    settings = Settings(home=home, rollout=rollout, sandbox=SandboxSettings(cores=2))
    write_tasks(Lake(settings.lake), DAY, "workshop", [(setup_of(files), "{}")] * attempts)

    def script(prompt: str, seed: int) -> str:
        return TURNS[spoken(prompt)] if spoken(prompt) < len(TURNS) else "Done."

    start = time.monotonic()
    run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(script)), open_tiny_dialect))
    seconds = time.monotonic() - start
    with connect(Lake(settings.lake)) as con:
        finished, recorded, longest = con.sql(
            "select count(distinct trajectory_id), count(distinct trajectory_id) filter (queued_seconds is not null), "
            "max(queued_seconds) from turns where role = 'tool'"
        ).fetchall()[0]
    commands_per_s = BASH_TURNS * attempts / seconds
    return {
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "longest_wait": longest * commands_per_s / attempts,
        "waiting_recorded": recorded / attempts if finished == attempts else 0.0,
        "commands_per_s": commands_per_s,
    }


if __name__ == "__main__":
    with available():
        print(json.dumps(_roll_out(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
