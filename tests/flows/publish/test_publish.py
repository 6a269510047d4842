"""A release holds exactly the kept rows, token for token, and the same lake gives the same bytes."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flows.publish.build.bucket_rows import scatter
from flows.publish.build.shards import write_shards
from flows.publish.build.split import select_trajectories
from flows.publish.errors import PublishError
from flows.publish.release import run_publish
from flows.settings import Publish, Settings
from schemas import Manifest, Shard, Turn, arrow_schema
from schemas.shard import ReleaseRow
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_decisions, write_records, write_small_lake
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY = date(2026, 1, 2)


def settings_of(home: Path, **publish: Any) -> Settings:
    return Settings(home=home, publish=Publish(**{"to": str(home / "release"), "validation_share": 0.3, **publish}))


def kept_lake(settings: Settings, refused: Iterable[int] = (), **shape: Any) -> SmallLake:
    """A lake with a refine that kept all trajectories except those of the numbers in `refused`."""
    made = write_small_lake(Lake(settings.lake), DAY, **shape)
    write_decisions(
        Lake(settings.lake), DAY, made, {made.trajectories[n].trajectory_id: ["outcome:no"] for n in refused}
    )
    return made


def release_rows(settings: Settings) -> list[dict[str, Any]]:
    """The newest release's rows in the order of its manifest."""
    place = Path(settings.publish.to) / "latest"
    manifest = Manifest.model_validate_json((place / "manifest.json").read_bytes())
    rows: list[dict[str, Any]] = []
    for shard in manifest.shards:
        rows.extend(pq.read_table(place / shard.path).to_pylist())
    return rows


def digests(place: Path) -> dict[str, str]:
    """Path -> SHA-256 of every file of a release."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def latest(settings: Settings) -> Path:
    return (Path(settings.publish.to) / "latest").resolve()


@pytest.mark.slow
def test_the_same_lake_makes_the_same_bytes_however_its_parts_are_named(tmp_path: Path) -> None:
    """A released dataset can only be checked against its lake if the bytes are reproducible."""
    releases = []
    for name in ("one", "other"):
        settings = settings_of(tmp_path / name)
        lake = Lake(settings.lake)
        made = make_small_lake(DAY, n_tasks=8)
        write_decisions(lake, DAY, made)
        halves = [0, 1] if name == "one" else [1, 0]
        for seq, half in enumerate(halves):
            ids = {row.trajectory_id for row in made.trajectories[half::2]}
            part = SmallLake(
                trajectories=[row for row in made.trajectories if row.trajectory_id in ids],
                turns=[row for row in made.turns if row.trajectory_id in ids],
                verdicts=[row for row in made.verdicts if row.trajectory_id in ids],
                tasks=made.tasks[half::2],
                documents=made.documents[half::2],
            )
            write_records(lake, DAY, part, seq)
        run_publish(settings, DAY, silent)
        releases.append((latest(settings).name, digests(latest(settings))))
    assert releases[0] == releases[1]


@pytest.mark.slow
def test_threads_and_bucket_size_change_no_byte(tmp_path: Path) -> None:
    """A release must not depend on the machine that made it."""
    settings = settings_of(tmp_path, row_group_mb=1, shard_mb=1)
    kept_lake(settings, words=20_000, samples=1, n_tasks=10)
    found = [
        build(settings, tmp_path / f"{threads}-{size}", threads, size)
        for threads, size in ((1, 2**30), (4, 100_000), (2, 1))
    ]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > 2


def build(settings: Settings, folder: Path, threads: int, bucket_bytes: int) -> list[Shard]:
    folder.mkdir()
    lake = Lake(settings.lake)
    with connect(lake, threads=threads) as con:
        selection = select_trajectories(con, settings.publish, bucket_bytes)
        assert selection
        scatter(con, lake, selection, folder)
        return [shard for files in write_shards(selection, settings, folder, silent) for shard in files.seal({})]


@pytest.mark.slow
@hypothesis_settings(max_examples=40, deadline=None)
@given(
    tasks=st.dictionaries(st.integers(0, 10_000), st.integers(1, 4), min_size=1, max_size=30),
    seed=st.integers(0, 2**31),
    share=st.floats(0, 1),
)
def test_no_task_is_in_two_splits_and_none_changes_its_split(tasks: dict[int, int], seed: int, share: float) -> None:
    """A task in both splits, now or in a later release, falsifies the validation loss."""
    settings = Publish(seed=seed, validation_share=share)
    whole = chosen_of(tasks, settings)
    part = chosen_of(dict(list(tasks.items())[::2]), settings)
    split_of: dict[str, set[str]] = {}
    for row in whole + part:
        split_of.setdefault(row["task_id"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in split_of.values())
    assert [row["position"] for row in whole] == list(range(sum(tasks.values())))


def chosen_of(tasks: dict[int, int], settings: Publish) -> list[dict[str, Any]]:
    attempts = [(f"t{task}-{sample}", f"t{task}") for task, samples in tasks.items() for sample in range(samples)]
    with closing(duckdb.connect()) as con:
        con.execute("create table decisions (trajectory_id text, kept bool, refine_id text)")
        con.execute("create table stream_turns (trajectory_id text, n_chars bigint, n_tokens bigint, copy_of bigint)")
        con.execute(
            "create table trajectories (trajectory_id text, task_id text, domain text, n_tokens bigint, "
            "ended_at timestamptz, run_id text, system text, tools text, engine text, ids text, "
            "n_segments bigint, parent_id text)"
        )
        con.execute(
            "create table tasks (task_id text, domain text, instruction text, answer text, created_at timestamptz, "
            "composer text)"
        )
        con.execute("create table published_parts (trajectory_id text, task_id text, release_id text, split text)")
        con.execute("create table release_parts (release_id text, manifest text)")
        con.execute("create table trajectory_licenses (trajectory_id text, license text)")
        con.executemany("insert into decisions values (?, true, 'r')", [[attempt] for attempt, _ in attempts])
        con.executemany(
            "insert into trajectories values (?, ?, 'search', 9, now(), 'n', '', '', 'vllm', null, null, null)",
            attempts,
        )
        con.executemany(
            "insert into tasks values (?, 'search', ?, null, now(), 'cloze')",
            [[f"t{task}", f"Which keeper wrote page {task} of the log?"] for task in tasks],
        )
        selection = select_trajectories(con, settings)
        assert selection
        return list(selection.rows.to_pylist())


def test_only_kept_rows_are_released_in_the_order_of_the_seeded_shuffle(tmp_path: Path) -> None:
    """A rejected row must not be trained on; an unshuffled file trains on one task at a time."""
    settings = settings_of(tmp_path, seed=7)
    made = kept_lake(settings, refused=(0, 3), n_tasks=10, kinds={(4, 0): "aborted", (5, 1): "pending"})
    run_publish(settings, DAY, silent)
    rows = release_rows(settings)
    kept = {row.trajectory_id for row in made.trajectories if row.status != "aborted"}
    kept -= {made.trajectories[n].trajectory_id for n in (0, 3)}

    def place(row: dict[str, Any]) -> tuple[str, str]:
        return row["split"], hashlib.sha256(f"shuffle:7:{row['trajectory_id']}".encode()).hexdigest()

    assert {row["trajectory_id"] for row in rows} == kept
    assert rows == sorted(rows, key=place)
    assert {row["split"] for row in rows} == {"train", "validation"}


def test_messages_and_tokens_are_those_of_the_turns(tmp_path: Path) -> None:
    """A moved token or a lost message teaches the student other behaviour than the teacher's."""
    settings = settings_of(tmp_path)
    made = make_small_lake(DAY, kinds={(2, 0): "turn_cap", (3, 1): "no_calls"})
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made)
    run_publish(settings, DAY, silent)
    rows = release_rows(settings)
    assert len(rows) == len(made.trajectories)
    for row in rows:
        turns = [turn for turn in made.turns if turn.trajectory_id == row["trajectory_id"]]
        assert row["messages"] == [message_of(turn) for turn in turns]
        assert row["token_ids"] == [token for turn in turns for token in turn.token_ids]
        assert row["loss_mask"] == [flag for turn in turns for flag in turn.sampled]
        assert row["logprobs"] == pytest.approx([value for turn in turns for value in turn.logprobs])
        assert row["message_tokens"] == [turn.n_tokens for turn in turns]
        assert row["segment_starts"] == [0]


def message_of(turn: Turn) -> dict[str, Any]:
    tool = turn.role == "tool"
    return {
        "role": turn.role,
        "content": turn.observation if tool else turn.content,
        "reasoning_content": turn.reasoning,
        "tool_calls": turn.tool_calls,
        "tool_call_id": turn.tool_call_id,
        "name": turn.tool if tool else None,
        "trainable": any(turn.sampled),
    }


def test_a_row_holds_its_task_its_verdicts_and_its_pages(tmp_path: Path) -> None:
    """Rows without ground truth, tool schemas or sources can be neither judged nor withdrawn."""
    settings = settings_of(tmp_path)
    made = kept_lake(settings)
    run_publish(settings, DAY, silent)
    tasks = {task.task_id: task for task in made.tasks}
    trajectories = {row.trajectory_id: row for row in made.trajectories}
    for row in release_rows(settings):
        task, trajectory = tasks[row["task_id"]], trajectories[row["trajectory_id"]]
        assert (row["instruction"], row["answer"]) == (task.instruction, task.answer)
        assert (row["final_answer"], row["tools"]) == (trajectory.answer, trajectory.tools)
        assert row["evidence"] == task.evidence
        assert row["evidence_urls"] == [hop.url for hop in task.path]
        assert json.loads(row["verdicts"])["exact_match"] == {"passed": True, "score": 1.0, "reason": "ok"}
        assert json.loads(row["turn_verdicts"]) == {"call_valid": {"passed": 4, "failed": 0}}
        assert row["n_tokens"] == trajectory.n_tokens == len(row["token_ids"])


@pytest.mark.slow
def test_all_shards_have_the_same_documented_columns_and_bounded_row_groups(tmp_path: Path) -> None:
    """A column of another type in the second shard stops a loader in the middle of a training run."""
    settings = settings_of(tmp_path, shard_mb=1, row_group_mb=1)
    kept_lake(settings, words=20_000, samples=1, n_tasks=10)
    run_publish(settings, DAY, silent)
    shards = sorted(latest(settings).glob("data/*.parquet"))
    assert len(shards) > 2
    for path in shards:
        with pq.ParquetFile(path) as shard:
            assert shard.schema_arrow.names == arrow_schema(ReleaseRow).names
            assert shard.schema_arrow.field("engine_version").type == pa.string()
            assert all(field.metadata[b"description"] for field in shard.schema_arrow)
            assert all(shard.metadata.row_group(n).num_rows <= 200 for n in range(shard.num_row_groups))
            encodings = {
                column["path_in_schema"]: column["encodings"]
                for column in shard.metadata.row_group(0).to_dict()["columns"]
            }
            assert "BYTE_STREAM_SPLIT" in encodings["logprobs.list.element"]


def test_many_short_rows_make_row_groups_of_at_most_200(tmp_path: Path) -> None:
    """The Hub's viewer refuses row groups of thousands of long rows."""
    settings = settings_of(tmp_path, validation_share=0.0)
    kept_lake(settings, n_tasks=230, n_calls=0, words=2)
    run_publish(settings, DAY, silent)
    metadata = pq.read_metadata(next(latest(settings).glob("data/*.parquet")))
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [200, 200, 60]


@pytest.mark.slow
def test_the_hub_library_opens_both_splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most trainers load releases through `datasets`."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    settings = settings_of(tmp_path, shard_mb=1, row_group_mb=1)
    kept_lake(settings, words=20_000, samples=1, kinds={(0, 0): "turn_cap"})
    run_publish(settings, DAY, silent)
    place, cache = latest(settings), str(tmp_path / "cache")
    expected = release_rows(settings)
    files = {split: str(place / "data" / f"{split}-*.parquet") for split in ("train", "validation")}
    by_files = datasets.load_dataset("parquet", data_files=files, cache_dir=cache)
    by_place = datasets.load_dataset(str(place), cache_dir=cache)
    for opened in (by_files, by_place):
        assert [row for split in ("train", "validation") for row in opened[split]] == expected
    streamed = datasets.load_dataset("parquet", data_files=files, streaming=True)
    assert next(iter(streamed["train"])) == expected[0]


def test_without_kept_rows_nothing_is_published_and_a_note_is_returned(tmp_path: Path) -> None:
    """A night without kept rows is no failure, and must not empty the trainer's dataset."""
    settings = settings_of(tmp_path)
    kept_lake(settings, refused=range(12))
    counts = run_publish(settings, DAY, silent)
    assert counts["rows"] == 0
    assert "kept no trajectory" in str(counts["note"])
    assert list(Path(settings.publish.to).iterdir()) == []


def test_a_trajectory_with_a_lost_turn_is_not_released(tmp_path: Path) -> None:
    """Half a conversation, released as a whole one, is a corrupt training row that no check finds later."""
    settings = settings_of(tmp_path)
    made = kept_lake(settings)
    turns = [turn for turn in made.turns if (turn.trajectory_id, turn.index) != (made.trajectories[2].trajectory_id, 3)]
    Lake(settings.lake).write(Turn, turns, PartName(DAY, "rollout", 0))
    with pytest.raises(PublishError, match=made.trajectories[2].trajectory_id):
        run_publish(settings, DAY, silent)
    assert list(Path(settings.publish.to).iterdir()) == []
