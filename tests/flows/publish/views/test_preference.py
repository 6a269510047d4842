"""Preference pairs and RL tasks: rejected attempts in them, and nothing that a release must not hold."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.publish.views.dpo_and_rl import write_rl_tasks, write_trl_pairs
from flows.publish.views.preference import write_preference
from flows.settings import Settings
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_decisions, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Settings, SmallLake]:
    """Six tasks of four attempts: in each of the first three, one attempt is wrong; the fourth task has a duplicate."""
    settings = Settings(home=tmp_path)
    kinds: dict[tuple[int, int], Kind] = {(0, 1): "wrong", (1, 3): "wrong", (2, 0): "wrong", (3, 1): "exact_copy"}
    made = make_small_lake(DAY, n_tasks=6, samples=4, kinds=kinds)
    write_records(Lake(settings.lake), DAY, made)
    refused = {id: ["outcome:wrong_answer"] for id, kind in made.kinds.items() if kind == "wrong"}
    refused |= {id: ["exact_duplicate:copy"] for id, kind in made.kinds.items() if kind == "exact_copy"}
    write_decisions(Lake(settings.lake), DAY, made, refused)
    return settings, made


def test_each_pair_is_a_kept_and_a_rejected_attempt_at_one_task(
    made: tuple[Settings, SmallLake], tmp_path: Path
) -> None:
    """A pair of two tasks, or with messages of another attempt, teaches a preference for noise."""
    settings, lake = made
    out = tmp_path / "pairs.parquet"
    with connect(Lake(settings.lake)) as con:
        assert write_preference(con, Lake(settings.lake), 0, out, silent) == 3
    kinds = lake.kinds
    turns = {id: [turn for turn in lake.turns if turn.trajectory_id == id] for id in kinds}
    for row in pq.read_table(out).to_pylist():
        assert kinds[row["rejected_trajectory_id"]] == "wrong" and kinds[row["chosen_trajectory_id"]] == "good"
        assert row["rejected_reasons"] == ["outcome:wrong_answer"]
        for side in ("chosen", "rejected"):
            own = turns[row[f"{side}_trajectory_id"]]
            assert [message["role"] for message in row[f"{side}_messages"]] == [turn.role for turn in own]
            assert row[f"{side}_token_ids"] == [token for turn in own for token in turn.token_ids]
            assert {task.task_id for task in lake.tasks if task.instruction == row["instruction"]} == {row["task_id"]}


def test_a_task_that_is_always_or_never_solved_is_left_out(made: tuple[Settings, SmallLake], tmp_path: Path) -> None:
    """Equal rewards for all attempts give no gradient."""
    settings, _ = made
    out = tmp_path / "tasks.parquet"
    with connect(Lake(settings.lake)) as con:
        assert write_rl_tasks(con, out) == 3
    assert {(row["attempts"], row["passes"]) for row in pq.read_table(out).to_pylist()} == {(4, 3)}


def test_a_task_that_no_release_may_hold_is_left_out(tmp_path: Path) -> None:
    """Prompts with benchmark items or keys contaminate a student even without answers."""
    settings, out = Settings(home=tmp_path), tmp_path / "tasks.parquet"
    made = make_small_lake(DAY, n_tasks=5, kinds={(number, 1): "wrong" for number in range(5)})
    write_records(Lake(settings.lake), DAY, made)
    reasons = ["decontamination:in_instruction", "blocked_hosts:blocked_url", "secrets:aws_key", "near_duplicate:copy"]
    refused = {made.trajectories[2 * number].trajectory_id: [reason] for number, reason in enumerate(reasons)}
    write_decisions(Lake(settings.lake), DAY, made, refused)
    with connect(Lake(settings.lake)) as con:
        write_rl_tasks(con, out)
    handed_out = {row["task_id"] for row in pq.read_table(out).to_pylist()}
    assert handed_out == {task.task_id for task in made.tasks[3:]}


def test_attempts_are_counted_once_and_the_prompt_is_of_one_of_them(tmp_path: Path) -> None:
    """Verdicts of an older verifier are superseded; tools and system prompt come from the same attempt."""
    settings, out = Settings(home=tmp_path), tmp_path / "tasks.parquet"
    made = make_small_lake(DAY, n_tasks=1, samples=8, kinds={(0, 1): "wrong"})
    ids = sorted(row.trajectory_id for row in made.trajectories)
    made.trajectories[:] = [
        row.model_copy(update={"system": f"of {row.trajectory_id}", "tools": f'["{row.trajectory_id}"]'})
        for row in made.trajectories
    ]
    newer = [row.model_copy(update={"version": "2", "passed": row.trajectory_id > ids[3]}) for row in made.verdicts]
    made.verdicts.extend(newer)
    write_records(Lake(settings.lake), DAY, made)
    with connect(Lake(settings.lake)) as con:
        write_rl_tasks(con, out)
    [row] = pq.read_table(out).to_pylist()
    assert (row["attempts"], row["passes"]) == (8, 4)
    assert (row["system"], row["tools"]) == (f"of {ids[0]}", f'["{ids[0]}"]')


def test_with_no_pairs_the_file_is_there_and_empty(tmp_path: Path) -> None:
    """A trainer's loader must find a file on every night."""
    settings, out = Settings(home=tmp_path), tmp_path / "pairs.parquet"
    with connect(Lake(settings.lake)) as con:
        assert write_preference(con, Lake(settings.lake), 0, out, silent) == 0
    assert pq.read_table(out).num_rows == 0


def test_attempts_with_different_prompts_are_no_pair_for_trl(tmp_path: Path) -> None:
    """TRL has one prompt per pair: with another system prompt the rejected attempt would not fit."""
    settings, out = Settings(home=tmp_path), tmp_path / "pairs.parquet"
    made = make_small_lake(DAY, n_tasks=2, kinds={(0, 1): "wrong", (1, 1): "wrong"})
    [other] = {row.trajectory_id for row in made.trajectories if row.task_id == made.tasks[0].task_id and row.sample}
    made.turns[:] = [
        turn.model_copy(update={"content": "Be brief."}) if (turn.trajectory_id, turn.index) == (other, 0) else turn
        for turn in made.turns
    ]
    write_records(Lake(settings.lake), DAY, made)
    refused = {id: ["outcome:wrong_answer"] for id in made.of_kind("wrong")}
    write_decisions(Lake(settings.lake), DAY, made, refused)
    with connect(Lake(settings.lake)) as con:
        assert write_trl_pairs(con, Lake(settings.lake), 0, out, silent) == (1, 1)
    assert [row["task_id"] for row in pq.read_table(out).to_pylist()] == [made.tasks[1].task_id]
