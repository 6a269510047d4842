"""A release of compacted and delegated trajectories: a row per segment, exact ids, each sampled token trained once."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.publish.build.licenses import EVERY_LICENSE
from flows.publish.release import run_publish
from flows.publish.stores.pull import pull, verify
from flows.publish.views.export import export
from flows.publish.views.registry import load_lake_view
from flows.publish.withdraw import withdraw
from flows.refine.decide import run_refine
from flows.settings import Publish, Settings
from schemas import Manifest, Turn
from tests.doubles.lakes.segmented import make_segmented_lake
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from tests.doubles.teachers import tiny_tokenizer as tiny
from warehouse.connect import connect, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
Rows = dict[str, list[dict[str, Any]]]
"""Trajectory -> its released rows, in order."""


def made_home(home: Path, made: SmallLake, **publish: Any) -> Settings:
    """A home with these records, refined and published."""
    settings = Settings(home=home, publish=Publish(to=str(home / "release"), validation_share=0.3, **publish))
    write_records(Lake(settings.lake), DAY, made)
    run_refine(settings, DAY, silent)
    run_publish(settings, DAY, silent)
    return settings


def released(settings: Settings) -> Rows:
    rows: Rows = defaultdict(list)
    for shard in sorted((Path(settings.publish.to) / "latest" / "data").glob("*.parquet")):
        for row in pq.read_table(shard).to_pylist():
            rows[row["trajectory_id"]].append(row)
    return rows


def manifest_of(settings: Settings) -> Manifest:
    return Manifest.model_validate_json((Path(settings.publish.to) / "latest" / "manifest.json").read_bytes())


def decided(settings: Settings) -> dict[str, list[str]]:
    with connect(Lake(settings.lake)) as con:
        return dict(con.execute("select trajectory_id, reasons from decisions").fetchall())


def assert_every_count_adds_up(settings: Settings) -> None:
    with connect(Lake(settings.lake)) as con:
        found = {name: con.execute(text).fetchall() for name, text in sql_files("checks").items()}
    assert {name: rows for name, rows in found.items() if rows} == {}


@pytest.fixture(scope="module")
def made() -> SmallLake:
    return make_segmented_lake(DAY)


@pytest.fixture(scope="module")
def settings(made: SmallLake, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return made_home(tmp_path_factory.mktemp("home"), made)


@pytest.mark.slow
def test_a_row_holds_what_the_teacher_read_in_one_segment(made: SmallLake, settings: Settings) -> None:
    """A row whose ids are not those of the segment trains the student on a context that no model ever saw."""
    streams: dict[tuple[str, int], list[Turn]] = defaultdict(list)
    for turn in made.turns:
        streams[turn.trajectory_id, turn.segment].append(turn)
    rows = {(row["trajectory_id"], row["segment"]): row for group in released(settings).values() for row in group}
    assert rows.keys() == streams.keys()
    for place, turns in streams.items():
        row = rows[place]
        assert row["token_ids"] == [id for turn in turns for id in turn.token_ids]
        assert row["loss_mask"] == [one for turn in turns for one in turn.sampled]
        assert (row["n_tokens"], row["segment_starts"]) == (len(row["token_ids"]), [0])
        assert [row["messages"][number] for number in row["copied"]] == [
            row["messages"][number] | {"trainable": False}
            for number, turn in enumerate(turns)
            if turn.copy_of is not None
        ]
    assert {len(group) for group in released(settings).values()} == {1, 2, 3, 4}


@pytest.mark.slow
def test_each_sampled_token_is_trained_once_over_the_segments(made: SmallLake, settings: Settings) -> None:
    """A copy that is trained again counts its turns double, and teaches them without what led to them."""
    for trajectory_id, rows in released(settings).items():
        trained = [id for row in rows for id, mine in zip(row["token_ids"], row["loss_mask"], strict=True) if mine]
        turns = [turn for turn in made.turns if turn.trajectory_id == trajectory_id]
        sampled = [id for turn in turns for id, mine in zip(turn.token_ids, turn.sampled, strict=True) if mine]
        assert trained == sampled
        assert sum(len(row["logprobs"]) for row in rows) == rows[0]["n_sampled_tokens"] == len(sampled)


def test_counts_add_up_and_rows_of_a_trajectory_are_adjacent(made: SmallLake, settings: Settings) -> None:
    """Segments that count as trajectories, or children that no count knows, hide what is lost between two steps."""
    assert_every_count_adds_up(settings)
    manifest, rows = manifest_of(settings), released(settings)
    assert manifest.trajectories == len(rows) == len(made.trajectories)
    assert manifest.rows == manifest.segments == sum(map(len, rows.values()))
    assert manifest.children == sum(row.parent_id is not None for row in made.trajectories) > 0
    assert manifest.tokens == sum(len(turn.token_ids) for turn in made.turns)
    assert all([row["segment"] for row in group] == list(range(len(group))) for group in rows.values())
    for split in ("train", "validation"):
        [shard] = (Path(settings.publish.to) / "latest" / "data").glob(f"{split}-*.parquet")
        order = pq.read_table(shard, columns=["trajectory_id"])["trajectory_id"].to_pylist()
        assert sum(one != other for one, other in pairwise(order)) == len(set(order)) - 1
    splits = {row["trajectory_id"]: row["split"] for group in rows.values() for row in group}
    parents = {row.trajectory_id: row.parent_id for row in made.trajectories if row.parent_id}
    assert all(splits[child] == splits[parent] for child, parent in parents.items())
    verify(settings.publish.to, silent)


def test_packs_and_pulls_hold_every_row(settings: Settings, tmp_path: Path) -> None:
    """A pack plan by trajectories would put segments beyond the window, or leave them out."""
    place = pull(settings.publish.to, tmp_path, silent)
    rows = sum(pq.read_metadata(path).num_rows for path in (place / "data").glob("*.parquet"))
    plans = [pq.read_table(path) for path in (place / "packs").glob("*-131072.parquet")]
    assert sum(plan.num_rows for plan in plans) == rows == manifest_of(settings).rows
    assert sum(sum(plan["length"].to_pylist()) for plan in plans) == manifest_of(settings).tokens


@pytest.mark.slow
def test_the_students_rows_divide_segments_and_train_each_turn_once(tmp_path: Path) -> None:
    """Segments of the teacher and stretches of the student's template must compose, or turns are lost in between."""
    made = make_segmented_lake(DAY, n_tasks=2, children=1, asked_by="user")
    settings = made_home(tmp_path, made, student=tiny.save(tmp_path / "student"), student_renderer="qwen3")
    manifest, groups = manifest_of(settings), released(settings)
    assert manifest.rows > (manifest.segments or 0) > len(groups)
    for rows in groups.values():
        places = [(row["segment"], row["student_segment"]) for row in rows]
        assert places == sorted(set(places))
        for segment in {row["segment"] for row in rows}:
            parts = [row for row in rows if row["segment"] == segment]
            assert [len(row["token_ids"]) > 0 for row in parts] == [False] * (len(parts) - 1) + [True]
            trained = sorted(number for row in parts for number in row["student_trained"])
            agent = [number for number, one in enumerate(parts[-1]["messages"]) if one["role"] == "assistant"]
            assert trained == [number for number in agent if number not in parts[-1]["copied"]]
            assert {row["student_segments"] for row in parts} == {len(parts)}
    assert_every_count_adds_up(settings)


@pytest.mark.slow
def test_a_child_is_kept_only_with_all_that_delegated_it_and_pairs_are_whole(tmp_path: Path) -> None:
    """A child is right if its parent is; alone, no verdict covers it. A rejected child leaves its parent, which holds
    only the child's answer. A pair of half a trajectory and a whole one compares two contexts, not two answers.
    """
    made = make_segmented_lake(DAY, n_tasks=4, samples=4, children=2)
    cut, lost = (row for row in made.trajectories if row.parent_id in attempts(made))
    below = {row.parent_id: row.trajectory_id for row in made.trajectories if row.parent_id}
    made.trajectories[made.trajectories.index(cut)] = cut.model_copy(update={"status": "turn_cap", "answer": None})
    wrong = {row.trajectory_id for row in made.trajectories if row.sample in (1, 2)}
    verdicts = [one.model_copy(update={"passed": one.trajectory_id not in wrong}) for one in made.verdicts]
    settings = made_home(tmp_path, replace(made, verdicts=verdicts))
    reasons = decided(settings)
    assert reasons[str(cut.parent_id)] == []
    assert reasons[cut.trajectory_id] == ["status:turn_cap"]
    assert reasons[str(lost.parent_id)] == ["outcome:wrong_answer"]
    assert reasons[lost.trajectory_id] == ["parent:rejected"]
    assert {tuple(reasons[below[one.trajectory_id]]) for one in (cut, lost)} == {("parent:rejected",)}
    assert sum(not one for one in reasons.values()) == manifest_of(settings).trajectories == 8
    assert_every_count_adds_up(settings)
    with connect(Lake(settings.lake)) as con:
        out = tmp_path / "pairs.parquet"
        pairs, note = load_lake_view("preference").write(con, Lake(settings.lake), 0, out, silent, EVERY_LICENSE)
        tasks, _ = load_lake_view("rl").write(
            con, Lake(settings.lake), 0, tmp_path / "rl.parquet", silent, EVERY_LICENSE
        )
    assert (pairs, tasks) == (0, 4)
    assert note == "12 attempts of several segments are in no pair: a pair is two whole conversations"


def attempts(made: SmallLake) -> set[str]:
    return {row.trajectory_id for row in made.trajectories if row.parent_id is None}


@pytest.mark.slow
def test_gates_judge_a_compacted_attempt_as_if_it_had_never_been(settings: Settings, tmp_path: Path) -> None:
    """Copies that gates or sketches read would make every long attempt a loop, or hide a duplicate."""
    whole = Settings(home=tmp_path)
    write_records(Lake(whole.lake), DAY, make_small_lake(DAY, n_tasks=4, n_calls=12, words=12))
    run_refine(whole, DAY, silent)
    tables = []
    for one in (settings, whole):
        with connect(Lake(one.lake)) as con:
            tables.append([
                con.sql(f"{text} anti join children using (trajectory_id) group by all order by all").fetchall()
                for text in (
                    "select trajectory_id, gate, keep, reason, count(*) from gate_verdicts",
                    "select tool, kind, count(*), sum(n_tokens) from turns",
                    "select tool, count(*) from calls",
                )
            ])  # fmt: skip
    assert tables[0][0] == tables[1][0] and tables[0][2] == tables[1][2]
    assert [row for row in tables[0][1] if row[0]] == [row for row in tables[1][1] if row[0]]


def test_a_withdrawn_child_takes_its_family_with_it(made: SmallLake, settings: Settings) -> None:
    """A withdrawn page that only a child read is in the parent's answer, too."""
    child = next(row for row in made.trajectories if row.parent_id in attempts(made))
    grandchild = next(row for row in made.trajectories if row.parent_id == child.trajectory_id)
    with connect(Lake(settings.lake)) as con:
        matched = withdraw(con, Lake(settings.lake), grandchild.trajectory_id, "takedown")
    assert set(matched) == {grandchild.trajectory_id, child.trajectory_id, child.parent_id}


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "train.jsonl").read_text("utf-8").splitlines()]


def test_views_with_a_mask_train_no_copy(made: SmallLake, settings: Settings, tmp_path: Path) -> None:
    """A view that loses the mask of copies trains the last turns before each compaction twice."""
    place, roles = Path(settings.publish.to), ("assistant", "tool_call")
    groups = {id: group for id, group in released(settings).items() if group[0]["split"] == "train"}
    own = [turn for turn in made.turns if turn.trajectory_id in groups and turn.copy_of is None]
    export(place, "verl", tmp_path / "verl", silent)
    exact = pq.read_table(tmp_path / "verl" / "train.parquet").to_pylist()
    assert sum(sum(row["loss_mask"]) for row in exact) == sum(sum(turn.sampled) for turn in own)
    export(place, "ms-swift", tmp_path / "swift", silent)
    text = lines(tmp_path / "swift")
    learned = [one for row in text for one in row["messages"] if one["role"] in roles and one.get("loss", True)]
    written = [(turn.role == "assistant") + bool(turn.reasoning and turn.tool_calls) for turn in own]
    assert len(learned) == sum(written)
    assert len(exact) == len(text) == sum(map(len, groups.values()))


def test_atif_continues_a_trajectory_and_marks_copies(settings: Settings, tmp_path: Path) -> None:
    """Without the marks a reader of ATIF counts copied steps as new ones, and takes a segment for the whole."""
    export(Path(settings.publish.to), "atif", tmp_path, silent)
    documents, rows = lines(tmp_path), released(settings)
    sessions = {one["session_id"] for one in documents}
    assert {one["continued_trajectory_ref"] for one in documents if "continued_trajectory_ref" in one} == {
        session for session in sessions if "-cont-" in session
    }
    for document in documents:
        id, _, segment = document["session_id"].partition("-cont-")
        row = rows[id][int(segment or 0)]
        copied = [row["messages"][number] for number in row["copied"]]
        marked = sum(step.get("is_copied_context", False) for step in document["steps"])
        assert marked == sum(message["role"] != "tool" for message in copied)
        assert document["extra"].get("parent_id") == row["parent_id"]
