"""Office services, notes and compaction together: killed anywhere, the rows are those of an undisturbed run."""

import hashlib
import json
import os
import random
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from flows.domains import domain
from flows.domains.contract import Refused
from flows.domains.general_agentic.solution import Shown, calls, from_json
from flows.domains.seeds import Seed
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings, Teacher
from schemas import Outcome, Trajectory, Turn, Verdict
from tests.doubles.domains import FUSE, event, write_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening
from tests.doubles.teachers.vllm_process import CONTEXT
from tests.flows.rollout.killing import kill_often
from tests.flows.rollout.timeless import timeless_rows as rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

pytestmark = pytest.mark.slow

DAY = date(2026, 1, 2)
TASKS = 3
TURNS = 24
KILLS = int(os.environ.get("WORLD_KILLS", "6"))
"""WORLD_KILLS=70 with --timeout=0 is the long form."""
TABLES = (
    (Trajectory, ("trajectory_id",)),
    (Turn, ("trajectory_id", "index")),
    (Outcome, ("trajectory_id",)),
    (Verdict, ("trajectory_id", "turn_index", "verifier")),
)
CONTEXT.set_forkserver_preload(["pytest", __name__, "tests.flows.rollout.warmed"])


def drafts() -> list[tuple[str, str, list[Shown]]]:
    """Setup, goal and the calls of the solution of the first small batches."""
    [compose] = [one.compose for one in domain("general_agentic").composers if one.name == "batch_under_policy"]
    found: list[tuple[str, str, list[Shown]]] = []
    for number in range(1, 100):
        try:
            draft = compose(Seed(number, 7_919 * number), lambda system, text: "")
        except Refused:
            continue
        if draft.difficulty["n_items"] == 6:
            found.append((draft.setup, draft.goal or "", list(calls(from_json(draft.oracle or "[]")))))
        if len(found) == TASKS:
            return found
    raise AssertionError("too few small batches among the first seeds")


class Clerk:
    """Its next message follows from the end of its prompt alone: a call of the solution, a note, or a digest."""

    def __init__(self, solutions: list[list[Shown]]) -> None:
        self.solutions = solutions

    def __call__(self, prompt: str, seed: int) -> str:
        event()
        dice = random.Random(hashlib.sha256(prompt[-600:].encode()).digest())
        if "Your context is nearly full" in prompt[-1_000:]:
            return f"Summary {dice.random()}"
        solution = self.solutions[int(prompt.rsplit("general_agentic number (", 1)[1].split(")", 1)[0])]
        if dice.random() < 0.2:
            return call("note_write", name=f"note {dice.randint(1, 3)}", text=f"seen {dice.random()}")
        name, arguments = dice.choice(solution)
        return call(name, **arguments) + (call("note_read") if dice.random() < 0.2 else "")


def home(folder: Path, setups: list[tuple[str, str]]) -> Settings:
    settings = Settings(
        home=folder,
        teacher=Teacher(context_window=8_000),
        rollout=Rollout(
            max_in_flight=2, tool_workers=0, max_starts=99, notes=True, compact_at=0.7, max_observation_chars=2_500
        ),
    )
    write_tasks(Lake(settings.lake), DAY, "general_agentic", setups, max_turns=TURNS)
    return settings


def roll_out(settings: Settings, solutions: list[list[Shown]], fuse: int = 0) -> None:
    FUSE[0] = fuse
    run_rollout(settings, DAY, silent, Factories(opening(ScriptedTeacher(Clerk(solutions))), open_tiny_dialect))


def test_killed_anywhere_the_services_the_notes_and_the_segments_are_the_same(tmp_path: Path) -> None:
    """A long attempt is killed more often than a short one; each fault of a resume would spoil the whole of it."""
    made = drafts()
    setups, solutions = [(setup, goal) for setup, goal, _ in made], [solution for _, _, solution in made]
    undisturbed, kills, seed = home(tmp_path / "undisturbed", setups), 0, 3
    roll_out(undisturbed, solutions)
    while kills < KILLS:
        killed = home(tmp_path / str(seed), setups)
        kills += kill_often(partial(roll_out, killed, solutions), TASKS * TURNS // 5, seed, KILLS)
        seed += 1
        for model, ids in TABLES:
            assert rows(killed, model, *ids) == rows(undisturbed, model, *ids)
    print(f"{kills} kills in {seed - 3} runs")
    found = rows(killed, Trajectory, "trajectory_id")
    assert min(row["n_segments"] or 1 for row in found) > 1, "no attempt was compacted"
    assert any(json.loads(row["checks"])["delta"] for row in rows(killed, Outcome, "trajectory_id"))
    with connect(Lake(killed.lake)) as con:
        wrong = {name: bad for name, bad in run_checks(con).items() if bad}
    assert not wrong
