"""Checks name every way in which a segment or a delegation can be wrong, and totals count no copy."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from schemas import Trajectory, Turn
from tests.doubles.lakes.segmented import make_segmented_lake
from tests.doubles.lakes.small_lake import SmallLake, write_records
from warehouse.connect import connect, query
from warehouse.console.viewer import render_trajectory
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
Damage = Callable[[list[Turn]], list[Turn]]


@pytest.fixture(scope="module")
def made() -> SmallLake:
    return make_segmented_lake(DAY, n_tasks=2, children=1)


def faults(lake: Lake, check: str) -> dict[str, str]:
    """Trajectory -> a fault that the check names."""
    with connect(lake) as con:
        rows = con.sql(query("checks", check)).to_arrow_table().to_pylist()
    return {row["trajectory_id"]: row["fault"] for row in rows}


def changed(wanted: Callable[[Turn], bool], **changes: Any) -> Damage:
    """Changes every turn that fits."""

    def damage(turns: list[Turn]) -> list[Turn]:
        return [turn.model_copy(update=changes) if wanted(turn) else turn for turn in turns]

    return damage


def is_copy(turn: Turn) -> bool:
    return turn.copy_of is not None and turn.role == "assistant"


DAMAGES: dict[str, Damage] = {
    "copy_differs": changed(is_copy, token_ids=[1, 2, 3]),
    "copy_is_sampled": changed(is_copy, sampled=[True]),
    "no_original": changed(is_copy, copy_of=999),
    "copy_in_first_segment": changed(lambda turn: turn.index == 4, copy_of=2),
    "no_system": changed(lambda turn: turn.role == "system" and turn.segment > 0, role="user"),
    "no_task": changed(lambda turn: turn.role == "user" and turn.segment > 0, role="tool"),
    "segment_missing": lambda turns: [turn for turn in turns if turn.segment != 1],
    "copy_out_of_place": changed(is_copy, copy_of=None),
}


def test_a_segment_that_is_not_whole_is_named(tmp_path: Path) -> None:
    """A release of such rows trains on a context that no model read, or counts turns twice."""
    made = make_segmented_lake(DAY, n_tasks=2 * len(DAMAGES) + 2, children=0)
    longest = [row.trajectory_id for row in made.trajectories if row.n_segments == 4]
    planted = dict(zip(longest, DAMAGES, strict=False))
    turns = [turn for turn in made.turns if turn.trajectory_id not in planted]
    for trajectory_id, fault in planted.items():
        turns += DAMAGES[fault]([turn for turn in made.turns if turn.trajectory_id == trajectory_id])
    short = next(place for place, row in enumerate(made.trajectories) if row.n_segments == 2)
    made.trajectories[short] = made.trajectories[short].model_copy(update={"n_segments": None})
    write_records(Lake(tmp_path), DAY, replace(made, turns=turns))
    expected = planted | {made.trajectories[short].trajectory_id: "other_number_of_segments"}
    assert faults(Lake(tmp_path), "segment_turns") == expected


def test_a_child_without_its_parents_call_is_named(tmp_path: Path) -> None:
    """A child that nothing delegated has an answer that no trajectory holds, and no verdict of its own."""
    made = make_segmented_lake(DAY, n_tasks=4, children=4)
    parents = {row.parent_id for row in made.trajectories}
    last = [place for place, row in enumerate(made.trajectories) if row.parent_id and row.trajectory_id not in parents]
    damages: dict[str, dict[str, Any]] = {
        "no_parent": {"parent_id": "0" * 32},
        "no_call": {"parent_call_id": "call_never_made"},
        "other_attempt": {"sample": 7},
    }
    planted = {}
    for place, (fault, changes) in zip(last, damages.items(), strict=False):
        made.trajectories[place] = made.trajectories[place].model_copy(update=changes)
        planted[made.trajectories[place].trajectory_id] = fault
    write_records(Lake(tmp_path), DAY, made)
    assert faults(Lake(tmp_path), "delegated_calls") == planted


def test_views_count_no_copy_and_name_segments_and_children(made: SmallLake, tmp_path: Path) -> None:
    """Copies that count would make long attempts longer than they are, in every figure."""
    write_records(Lake(tmp_path), DAY, made)
    roots = {row.trajectory_id for row in made.trajectories if row.parent_id is None}
    with connect(Lake(tmp_path)) as con:
        segments = con.execute("select sum(turns), sum(copies), sum(n_tokens) from segments").fetchone()
        turns = con.execute("select count(*), sum(n_tokens) from turns").fetchone() or (0, 0)
        stats = con.execute("select compacted, max_segments, delegated, children from trajectory_stats").fetchall()
        family = con.execute("select root_id, depth from children order by depth").fetchall()
    copies = [turn for turn in made.turns if turn.copy_of is not None]
    assert segments == (len(made.turns), len(copies), sum(turn.n_tokens for turn in made.turns))
    assert turns == (len(made.turns) - len(copies), sum(row.n_tokens for row in made.trajectories))
    assert stats == [(3, 4, 2, 2)]
    assert [(root in roots, depth) for root, depth in family] == [(True, 1), (True, 2)]


def _shown(lake: Lake, row: Trajectory) -> str:
    console = Console(width=200, file=io.StringIO(), record=True)
    with connect(lake) as con:
        for part in render_trajectory(con, row.trajectory_id):
            console.print(part)
    return console.export_text()


def test_the_viewer_shows_segments_copies_and_children(made: SmallLake, tmp_path: Path) -> None:
    """Turns that are printed twice, or an answer that nothing explains, mislead whoever reads a trajectory."""
    write_records(Lake(tmp_path), DAY, made)
    child = next(
        row for row in made.trajectories if row.parent_id and row.parent_id == made.trajectories[0].trajectory_id
    )
    parent, longest = made.trajectories[0], next(row for row in made.trajectories if row.n_segments == 4)
    text = _shown(Lake(tmp_path), longest)
    assert [f"segment {number}: the context was compacted" in text for number in (1, 2, 3, 4)] == [True] * 3 + [False]
    assert "12 assistant · copy of turn 6" in text and text.count("Digest 0") == 2
    lines = [line for line in _shown(Lake(tmp_path), parent).splitlines() if "⤷ delegated to" in line]
    assert child.trajectory_id in lines[0] and len(lines) == 2
    assert len(lines[1]) - len(lines[1].lstrip()) > len(lines[0]) - len(lines[0].lstrip())
    assert f"{parent.trajectory_id}, call {child.parent_call_id}" in _shown(Lake(tmp_path), child)
