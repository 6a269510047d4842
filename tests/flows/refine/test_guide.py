"""The gate that the guide shows is one: it answers once for every candidate."""

import re
from datetime import date
from pathlib import Path

from tests.doubles.lakes.small_lake import make_small_lake, write_records
from warehouse.connect import connect
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
GUIDE = Path(__file__).parents[3] / "flows" / "refine" / "GUIDE.md"


def test_the_guides_gate_refuses_long_answers_alone(tmp_path: Path) -> None:
    """Whoever starts from the page starts from a gate that refine accepts."""
    (gate,) = re.findall(r"```sql\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    made = make_small_lake(DAY, n_tasks=3)
    essay = made.trajectories[0].model_copy(update={"answer": "word " * 401})
    silent = made.trajectories[1].model_copy(update={"answer": None})
    made.trajectories[:2] = [essay, silent]
    lake = Lake(tmp_path)
    write_records(lake, DAY, made)
    with connect(lake) as con:
        con.execute("create temp view candidates as from trajectories")
        answers = con.sql(gate).fetchall()
    assert len(answers) == len(made.trajectories)
    found = {trajectory: (keep, reason, value) for trajectory, keep, reason, value in answers}
    assert found.pop(essay.trajectory_id) == (False, "essay", 401)
    assert found.pop(silent.trajectory_id) == (True, "ok", 0)
    assert {(keep, reason) for keep, reason, _ in found.values()} == {(True, "ok")}
