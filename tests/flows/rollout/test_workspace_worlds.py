"""Attempts in workspaces: killed while commands run, and many more of them than cores."""

import contextlib
import json
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pyarrow.parquet as pq
import pytest

from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings
from flows.settings.environments import SandboxSettings
from schemas import Outcome, Trajectory, Turn, Verdict
from tests.doubles.domains import available, write_tasks
from tests.doubles.domains.workshop import SETUP
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.doubles.teachers.vllm_process import CONTEXT
from tests.flows.environments.workspace.workspaces import require_sandbox
from tests.flows.rollout.test_worlds import DAY
from tests.flows.rollout.timeless import timeless_rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

KILLS = int(os.environ.get("WORKSPACE_KILLS", "5"))
NAP = "sleep 0.03"
"""Part of every command, so that most kills come while one runs."""
TURNS = (
    call("bash", command=f"for i in 1 2 3 4 5 6; do echo $i >> log.txt; {NAP}; done; wc -l < log.txt"),
    call("write", path="src/new/b.py", text="y = 2\n") + call("edit", path="src/a.py", old="x = 1", new="x = 3"),
    call("bash", command=f"mkdir -p empty/in; ln -s src link; {NAP}; (sleep 60 & {NAP}); cat link/a.py"),
    call("bash", command=f"for i in 1 2 3; do mv log.txt $i.txt; {NAP}; mv $i.txt log.txt; done; chmod 700 src/a.py")
    + call("read", path="log.txt"),
    call("bash", command=f"rm -r empty; {NAP}; tail -n 1 log.txt >> log.txt; cat log.txt; exit 3"),
)
CONTEXT.set_forkserver_preload(["pytest", __name__, "tests.flows.rollout.warmed"])


@pytest.fixture(autouse=True)
def sandboxed_domains() -> Iterator[None]:
    require_sandbox()
    with available():
        yield


def home(folder: Path, attempts: int, in_flight: int) -> Settings:
    rollout = Rollout(max_in_flight=in_flight, tool_workers=0, max_starts=999)
    settings = Settings(home=folder, rollout=rollout, sandbox=SandboxSettings(cores=2))
    write_tasks(Lake(settings.lake), DAY, "workshop", [(SETUP, "{}")] * attempts)
    return settings


def script(prompt: str, seed: int) -> str:
    return TURNS[spoken(prompt)] if spoken(prompt) < len(TURNS) else "Done."


def roll_out(settings: Settings) -> None:
    run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(script)), open_tiny_dialect))


def killable_run(settings: Settings) -> None:
    with available():
        roll_out(settings)


def sandboxed(folder: Path) -> list[str]:
    """Processes that live in a sandbox with a mount of a workspace below the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/mountinfo"):
        with contextlib.suppress(OSError):
            if f"{folder}/" in entry.read_text("utf-8", "replace"):
                found.append(entry.parent.joinpath("cmdline").read_text("utf-8", "replace"))
    return found


def none_left(folder: Path) -> bool:
    """True once no process is left: the kernel ends them a moment after their parent."""
    deadline = time.monotonic() + 30
    while sandboxed(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not sandboxed(folder)


@pytest.mark.slow
def test_a_workspace_killed_while_commands_run_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    """A half-made command whose files survive would be made twice; a process that survives would go on writing.

    WORKSPACE_KILLS=100 with --timeout=0 is the long form.
    """
    attempts = 3 + KILLS // 5
    undisturbed, killed = home(tmp_path / "undisturbed", attempts, 3), home(tmp_path / "killed", attempts, 3)
    roll_out(undisturbed)
    dice, kills, met = random.Random(5), 0, 0
    while True:
        process = CONTEXT.Process(target=killable_run, args=(killed,))
        process.start()
        while process.is_alive() and (kills == KILLS or not sandboxed(tmp_path)):
            process.join(0.02)
        process.join(dice.uniform(0, 0.2))
        if process.exitcode == 0:
            break
        met += bool(sandboxed(tmp_path))
        os.kill(int(str(process.pid)), signal.SIGKILL)
        process.join()
        kills += 1
        assert none_left(tmp_path), sandboxed(tmp_path)
    print(f"{kills} kills, {met} of them while a command ran")
    assert kills >= min(KILLS, 3)
    assert met
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert not list((killed.state / "worlds").glob("*"))
    for model, ids in (
        (Trajectory, ("trajectory_id",)),
        (Turn, ("trajectory_id", "index")),
        (Outcome, ("trajectory_id",)),
        (Verdict, ("trajectory_id", "verifier", "version")),
    ):
        assert timeless_rows(killed, model, *ids) == timeless_rows(undisturbed, model, *ids)


@pytest.mark.slow
def test_many_attempts_on_two_cores_all_make_progress_and_their_waiting_is_recorded(tmp_path: Path) -> None:
    """An attempt that never gets a core would end a run hours after the others; its waiting is no time of its own."""
    settings = home(tmp_path, 32, 32)
    factories = Factories(opening(ScriptedTeacher(script)), open_tiny_dialect)
    assert run_rollout(settings, DAY, silent, factories)["finished"] == 32
    parts = Lake(settings.lake).parts(Turn)
    answered = [row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]
    calls = [row for row in answered if row["role"] == "tool" and row["tool"]]
    commands = [row for row in calls if row["tool"] == "bash"]
    assert len(commands) == 32 * 4
    assert all(row["queued_seconds"] is not None and row["queued_seconds"] >= 0 for row in calls)
    assert all(row["cpu_seconds"] > 0 and row["seconds"] > 0 for row in commands)
    waited = defaultdict[str, float](float)
    for row in commands:
        waited[row["trajectory_id"]] += row["queued_seconds"]
    assert len(waited) == 32
    assert max(waited.values()) <= 3 * fmean(waited.values()), "an attempt starves"
    with connect(Lake(settings.lake)) as con:
        total = con.sql("select calls, trajectories, queued_seconds > 0, cpu_seconds from tool_cost").fetchall()[0]
        assert total[:3] == (len(calls), 32, True)
        assert con.sql("select distinct domain from tool_cost order by 1").fetchall() == [("all",), ("workshop",)]
    status = json.loads((settings.state / "rollout.json").read_text())
    assert status["tools"]["workshop"]["cpu_s"] == pytest.approx(total[3])
    assert status["tools"]["workshop"]["queued_s"] > 0
