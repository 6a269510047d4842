"""Costs of rollouts, and attempts cut by budgets, against a count by hand."""

import statistics
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from schemas.rollout import Rollout, Unfinished
from schemas.trajectory import trajectory_id
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_decisions, write_records
from warehouse.connect import connect
from warehouse.console.stats import mart_rows
from warehouse.lake import Lake, PartName
from warehouse.query import run_checks

DAY = date(2026, 11, 20)
KINDS: dict[tuple[int, int], Kind] = {(0, 0): "pending", (0, 1): "pending", (1, 0): "aborted", (2, 0): "turn_cap"}
BEGUN = datetime(2026, 11, 20, 2, tzinfo=UTC)


def rollout(**changes: object) -> Rollout:
    """A run of an hour on four GPUs."""
    counts: dict[str, object] = dict.fromkeys(Rollout.model_fields, 0)
    times = {"run_id": DAY.isoformat(), "started_at": BEGUN, "ended_at": BEGUN + timedelta(hours=1), "ending": "done"}
    cost = {
        "engine": "vllm",
        "gpus": 4,
        "teacher_seconds": 3_600.0,
        "gpu_seconds": 14_400.0,
        "prefix_cache_hit_rate": None,
    }
    return Rollout.model_validate(counts | times | cost | {"detail": "", "faults": "{}"} | changes)


def left(made: SmallLake, sample: int, **changes: object) -> Unfinished:
    """A sample of the first task, in the state in which a run stopped."""
    task = made.tasks[0]
    row = {"trajectory_id": trajectory_id(task.task_id, sample), "task_id": task.task_id, "sample": sample}
    state = {"domain": task.domain, "n_turns": 2, "n_tokens": 100, "n_sampled_tokens": 40, "detail": None}
    stop = {"reason": "budget", "stopped_at": BEGUN, "run_id": DAY.isoformat()}
    return Unfinished.model_validate(row | state | stop | changes)


def lake_of(path: Path, made: SmallLake, *unfinished: Unfinished) -> Lake:
    lake = Lake(path)
    write_records(lake, DAY, made)
    lake.write(Unfinished, unfinished, PartName(DAY, "rollout", 0))
    return lake


def failing(lake: Lake) -> dict[str, int]:
    with connect(lake) as con:
        return {name: n for name, n in run_checks(con).items() if n}


def test_attempts_cut_by_budgets_are_counted_separately_from_those_that_ended_naturally(tmp_path: Path) -> None:
    """Training on answered attempts alone favours short ones; this mart shows by how much."""
    made = make_small_lake(DAY, kinds=KINDS)
    earlier = BEGUN - timedelta(days=1)
    stale = left(made, 0, reason="not_started", n_turns=0, n_tokens=0, stopped_at=earlier)
    lake = lake_of(tmp_path, made, stale, left(made, 0))
    with connect(lake) as con:
        rows = {row["reason"]: row for row in mart_rows(con, "censoring")}
    assert {reason: (row["ending"], row["attempts"]) for reason, row in rows.items()} == {
        "answered": ("natural", 8),
        "turn_cap": ("cut", 1),
        "budget": ("unfinished", 1),
        "pending": ("unfinished", 1),
        "aborted:tool_fault": ("unfinished", 1),
    }
    natural = statistics.mean(row.n_tokens for row in made.trajectories if row.status == "answered")
    assert rows["answered"]["tokens_to_natural"] == 1
    assert rows["budget"]["tokens_to_natural"] == pytest.approx(100 / natural)
    assert rows["pending"]["mean_tokens"] is None
    assert {(row["planned"], row["share_cut"]) for row in rows.values()} == {(12, 1 / 12)}
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert failing(lake) == {}


def test_an_attempt_that_was_finished_later_is_no_longer_unfinished(tmp_path: Path) -> None:
    """Parts never change, so the row of an earlier run remains and must not be counted."""
    made = make_small_lake(DAY)
    lake = lake_of(tmp_path, made, left(made, 0))
    with connect(lake) as con:
        assert con.execute("select count(*) from unfinished").fetchall() == [(0,)]
        assert con.execute("select distinct reason from fates").fetchall() == [("not_refined",)]
    assert failing(lake) == {}


@pytest.mark.slow
def test_an_unfinished_attempt_that_no_task_planned_is_found(tmp_path: Path) -> None:
    made = make_small_lake(DAY, kinds=KINDS)
    assert failing(lake_of(tmp_path / "a", made, left(made, 0, trajectory_id="never planned"))) == {
        "unfinished_planned": 1
    }
    assert failing(lake_of(tmp_path / "b", made, left(made, 0), left(made, 0))) == {"unfinished_planned": 1}


def test_kept_trajectories_carry_the_cost_of_rejected_ones_but_not_of_undecided_ones(tmp_path: Path) -> None:
    """Costs of undecided trajectories would inflate the cost per kept row until refine runs."""
    made = make_small_lake(DAY, kinds=KINDS)
    lake = lake_of(tmp_path, made)
    ended = sum(row.n_sampled_tokens for row in made.trajectories)
    lake.write(Rollout, [rollout(sampled_tokens=2 * ended, turns=50)], PartName(DAY, "rollout", 0))
    with connect(lake) as con:
        (before, _) = mart_rows(con, "rollout_cost")
    assert (before["run_id"], before["finished"], before["kept"]) == ("all", 9, 0)
    assert before["sampled_tokens_per_finished"] == pytest.approx(2 * ended / 9)
    assert before["sampled_tokens_per_kept"] is None
    refused = next(row for row in made.trajectories if row.status == "turn_cap")
    write_decisions(lake, DAY, made, {refused.trajectory_id: ["status:turn_cap"]})
    with connect(lake) as con:
        (total, night) = mart_rows(con, "rollout_cost")
    assert total | {"run_id": DAY.isoformat(), "date": DAY} == night
    assert (total["decided"], total["kept"]) == (9, 8)
    assert total["sampled_tokens_per_kept"] == pytest.approx(ended / 8)
    assert total["gpu_seconds_per_kept"] == pytest.approx(14_400 / 2 / 8)


def test_an_empty_lake_has_no_costs(tmp_path: Path) -> None:
    with connect(Lake(tmp_path)) as con:
        assert mart_rows(con, "rollout_cost") == []
        assert mart_rows(con, "censoring") == []
