"""Environments with state: after kills and faults the worlds are as in an undisturbed run, and none is left behind."""

import gc
import itertools
import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.rollout.run import Counts, Factories, run_rollout
from flows.settings import Rollout, Settings
from schemas import Outcome, Trajectory, Turn, Verdict
from tests.doubles.domains import FUSE, available, write_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.doubles.teachers.vllm_process import CONTEXT
from tests.flows.rollout.killing import kill_often
from tests.flows.rollout.timeless import timeless_rows as rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
TASKS = 6
KILLS = int(os.environ.get("WORLD_KILLS", "6"))
"""Kills of each long test; WORLD_KILLS=70 with --timeout=0 is the long form."""
GOAL = {"bank": 15, "cash": 6}
CONTEXT.set_forkserver_preload(["pytest", __name__, "tests.flows.rollout.warmed"])


@pytest.fixture(autouse=True)
def stateful_domains() -> Iterator[None]:
    with available():
        yield


def script(prompt: str, seed: int) -> str:
    """Five turns of one or two calls, then an answer."""
    turn = spoken(prompt)
    if turn >= 5:
        return "Done."
    if "ledger" in prompt.split("Work on", 1)[1][:10]:
        amount = call("add", account="bank" if turn % 2 else "cash", amount=3 if turn % 2 else 2)
        return amount + (call("add", account="bank", amount=3) if turn < 3 else call("balance", account="bank"))
    return call("write", text=f"line {turn}") + call("write", text="twice")


def home(folder: Path, name: str, setups: list[tuple[str, str]] | None = None, **limits: Any) -> Settings:
    settings = Settings(home=folder, rollout=Rollout(max_in_flight=3, tool_workers=0, max_starts=99, **limits))
    write_tasks(Lake(settings.lake), DAY, name, setups or [("{}", json.dumps(GOAL))] * TASKS)
    return settings


def roll_out(settings: Settings, fuse: int = 0) -> Counts:
    FUSE[0] = fuse
    return run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(script)), open_tiny_dialect))


def killed_run(settings: Settings, fuse: int) -> None:
    """Run in this process, which kills itself at the event of that number."""
    with available():
        roll_out(settings, fuse)


def killed_runs(folder: Path, name: str, seed: int) -> Iterator[Settings]:
    """Yield homes whose runs were killed until they ended: as many homes as KILLS kills take."""
    kills = 0
    for number in itertools.count(seed):
        settings = home(folder / str(number), name)
        kills += kill_often(partial(killed_run, settings), 40, number, KILLS)
        yield settings
        if kills >= KILLS:
            print(f"{kills} kills in {number - seed + 1} runs")
            return


def test_the_outcome_reaches_the_lake_and_the_verifier_sees_the_hidden_goal(tmp_path: Path) -> None:
    """Without its outcome no attempt in an environment with state could ever be judged."""
    settings = home(tmp_path, "ledger", [("{}", json.dumps(GOAL)), ("{}", '{"bank": 1}')])
    roll_out(settings)
    found = rows(settings, Outcome, "trajectory_id")
    assert [(row["environment"], json.loads(row["checks"])["accounts"]) for row in found] == [("ledger", GOAL)] * 2
    verdicts = {row["reason"] for row in rows(settings, Verdict) if row["verifier"] == "balances_match"}
    assert verdicts == {"ok", "other_balances"}
    assert not list((settings.state / "worlds").glob("*"))
    with connect(Lake(settings.lake)) as con:
        costs = con.sql("select domain, trajectories, queued_seconds >= 0, examination_seconds > 0 from tool_cost")
        assert costs.fetchall() == [("all", 2, True, True), ("ledger", 2, True, True)] * 2


@pytest.mark.slow
def test_a_replayed_world_killed_at_random_moments_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    """An entry made twice, or lost, would give a trajectory whose observations contradict its state."""
    undisturbed = home(tmp_path / "undisturbed", "ledger")
    roll_out(undisturbed)
    for killed in killed_runs(tmp_path, "ledger", 1):
        for model, ids in (
            (Trajectory, ("trajectory_id",)),
            (Turn, ("trajectory_id", "index")),
            (Outcome, ("trajectory_id",)),
            (Verdict, ("trajectory_id", "verifier", "version")),
        ):
            assert rows(killed, model, *ids) == rows(undisturbed, model, *ids)


@pytest.mark.slow
def test_a_snapshot_world_killed_at_random_moments_holds_what_was_observed_and_no_more(tmp_path: Path) -> None:
    """Lines that were written by a call whose turn was never committed would stay in the file for good."""
    for settings in killed_runs(tmp_path, "notebook", 7):
        turns = [row for row in rows(settings, Turn, "trajectory_id", "index") if row["tool"] and row["role"] == "tool"]
        for outcome in rows(settings, Outcome, "trajectory_id"):
            observed = [row["observation"] for row in turns if row["trajectory_id"] == outcome["trajectory_id"]]
            assert json.loads(outcome["checks"])["stamps"] == observed
            assert len(observed) == 10
        assert not list((settings.state / "worlds").glob("*"))


def test_a_write_that_fails_is_made_in_a_rebuilt_world_and_never_twice(tmp_path: Path) -> None:
    """The entry was made before the fault: a second try in place would count it twice."""
    faults = json.dumps({"faults": {"4": str(tmp_path / "marker")}})
    settings = home(tmp_path, "ledger", [(faults, json.dumps(GOAL))])
    roll_out(settings)
    [outcome] = rows(settings, Outcome)
    assert json.loads(outcome["checks"])["accounts"] == GOAL
    assert (tmp_path / "marker").exists()
    [row] = pq.read_table(Lake(settings.lake).parts(Outcome)[0], partitioning=None).to_pylist()
    assert row["n_restores"] == 1


def test_a_fault_of_an_examination_is_counted_and_made_again(tmp_path: Path) -> None:
    """A verdict from a broken examination would be a silent pass, or fail an attempt that solved its task."""
    faults = json.dumps({"faults": {"examination": str(tmp_path / "marker")}})
    settings = home(tmp_path, "ledger", [(faults, json.dumps(GOAL))])
    counts = roll_out(settings)
    assert counts["fault:examination:OSError"] == 1
    [outcome] = rows(settings, Outcome)
    assert json.loads(outcome["checks"]) == {"accounts": GOAL, "calls": 10, "examined": True}
    assert [row["reason"] for row in rows(settings, Verdict) if row["verifier"] == "balances_match"] == ["ok"]


def test_an_examination_that_cannot_be_made_leaves_no_verdict(tmp_path: Path) -> None:
    """The attempt is retried in a later run instead of failing for good."""
    faults = json.dumps({"faults": {"examination": str(tmp_path / "missing" / "marker")}})
    settings = home(tmp_path, "ledger", [(faults, json.dumps(GOAL))])
    counts = roll_out(settings)
    assert (counts["finished"], counts["fault:examination:FileNotFoundError"], counts["fault:tool_fault"]) == (0, 2, 1)
    assert rows(settings, Verdict) == []
    (tmp_path / "missing").mkdir()
    assert roll_out(settings)["finished"] == 1


def texts_below(folder: Path) -> list[str]:
    """The texts of the worlds of attempts that still act; another attempt may end and leave meanwhile."""
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith("examination-")]
        for name in files:
            with suppress(FileNotFoundError):
                found.append(Path(place, name).read_text())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("notes", [False, True])
def test_no_call_of_an_attempt_can_reach_the_hidden_record(tmp_path: Path, notes: bool) -> None:
    """While an agent acts, its truth stands in no file of any world and in no object that a world holds."""
    settings = home(tmp_path, "ledger", [("{}", '{"canary": 918273645}')] * 2, notes=notes)
    seen: list[str] = []

    def searching(prompt: str, seed: int) -> str:
        worlds = texts_below(settings.state / "worlds")
        gc.collect()
        ledgers = [json.dumps(one.__dict__) for one in gc.get_objects() if type(one).__name__ == "Ledger"]
        assert ledgers
        seen.extend([prompt, *worlds, *ledgers])
        return script(prompt, seed)

    run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(searching)), open_tiny_dialect))
    assert [json.loads(row["checks"])["examined"] for row in rows(settings, Outcome)] == [False, False]
    assert len(seen) > 10
    assert not [text for text in seen if "918273645" in text]


def test_a_world_that_differs_when_rebuilt_starts_again_and_is_counted(tmp_path: Path) -> None:
    """To go on would mix observations of two worlds in one trajectory."""
    drift, marker = tmp_path / "drift", tmp_path / "marker"
    drift.write_text("")

    def drifting(prompt: str, seed: int) -> str:
        if spoken(prompt) == 2 and not marker.exists():
            drift.write_text(" or so")
        return script(prompt, seed)

    setup = json.dumps({"faults": {"5": str(marker)}, "drift": str(drift)})
    settings = home(tmp_path, "ledger", [(setup, json.dumps(GOAL))])
    factories = Factories(opening(ScriptedTeacher(drifting)), open_tiny_dialect)
    counts = run_rollout(settings, DAY, silent, factories)
    assert (counts["finished"], counts["fault:replay_differs"]) == (0, 1)
    counts = run_rollout(settings, DAY, silent, factories)
    assert counts["finished"] == 1
    observed = [row["observation"] for row in rows(settings, Turn, "trajectory_id", "index") if row["tool"]]
    assert all(re.search("or so$", text) for text in observed if text)


def test_worlds_of_attempts_that_are_gone_are_removed(tmp_path: Path) -> None:
    """Files of worlds would fill the disk, night after night."""
    settings = home(tmp_path, "notebook")
    left = settings.state / "worlds" / "gone"
    left.mkdir(parents=True)
    (left / "notebook.txt").write_text("old")
    roll_out(settings)
    assert not list((settings.state / "worlds").glob("*"))
