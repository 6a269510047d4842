"""A small lake in many parts: each attempt, page and task of a night in a part of its own, as long nights leave it."""

from datetime import date

from schemas import Document, Task, Trajectory, Turn, Verdict
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake
from warehouse.lake import Lake, PartName


def write_scattered_lake(lake: Lake, day: date, n_tasks: int = 4, seed: int = 0) -> SmallLake:
    """Write a night of `n_tasks` tasks, one row or one attempt per part; returns its rows."""
    made = make_small_lake(day, n_tasks=n_tasks, seed=seed)
    for seq, page in enumerate(made.documents):
        lake.write(Document, [page], PartName(day, "crawl", seq))
    for seq, task in enumerate(made.tasks):
        lake.write(Task, [task], PartName(day, "tasks", seq))
    for seq, row in enumerate(made.trajectories):
        name = PartName(day, "rollout", seq)
        lake.write(Turn, [turn for turn in made.turns if turn.trajectory_id == row.trajectory_id], name)
        lake.write(Verdict, [one for one in made.verdicts if one.trajectory_id == row.trajectory_id], name)
        lake.write(Trajectory, [row], name)
    return made
