"""A release has the same bytes wherever it is made, and the same columns in every reader."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.publish.release import run_publish
from flows.settings import Publish, Settings
from schemas import Manifest, Turn, arrow_schema, sha256_text
from schemas.release import release_id
from schemas.shard import Message, ReleaseRow
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_decisions, write_records
from tests.doubles.settings_variables import variables_of
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.flows.publish.test_publish import DAY, digests, latest, release_rows, settings_of
from warehouse.console.progress import silent
from warehouse.lake import Lake

ROOT = Path(__file__).parents[3]
LONG = 45_000
"""Tokens of a long row."""


def manifest_of(settings: Settings) -> Manifest:
    return Manifest.model_validate_json((latest(settings) / "manifest.json").read_bytes())


def shards_of(settings: Settings) -> list[Path]:
    return [latest(settings) / shard.path for shard in manifest_of(settings).shards]


@pytest.mark.slow
def test_another_process_place_zone_and_thread_count_make_the_same_bytes(tmp_path: Path) -> None:
    """A release that is made again on another machine must be provably the same."""
    student = {"student": tiny.save(tmp_path / "student"), "student_renderer": "qwen3"}
    here = settings_of(tmp_path / "here", **student, row_group_mb=1)
    made = make_small_lake(DAY, n_tasks=6, words=300)
    write_records(Lake(here.lake), DAY, made)
    write_decisions(Lake(here.lake), DAY, made)
    shutil.copytree(here.lake, tmp_path / "elsewhere" / "other" / "lake")
    run_publish(here, DAY, silent)

    there = settings_of(tmp_path / "elsewhere" / "other", **student, row_group_mb=1, memory_limit="300MB")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))},
        **variables_of(there.publish, "publish"),
        **{"FACTORY_HOME": str(there.home), "PYTHONPATH": str(ROOT), "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
        "PYTHONHASHSEED": "77",
    }
    command = [sys.executable, "-m", "tests.flows.publish.publish_with_threads", DAY.isoformat(), "1"]
    subprocess.run(command, env=environment, cwd=there.home, check=True)
    assert digests(latest(there)) == digests(latest(here))
    assert latest(there).name == latest(here).name


@pytest.fixture(scope="module")
def long_release(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A release of several shards: rows of 45,000 tokens, and every nullable column null in the whole first shard."""
    home = tmp_path_factory.mktemp("long")
    settings = Settings(
        home=home, publish=Publish(to=str(home / "release"), validation_share=0.0, shard_mb=1, row_group_mb=1)
    )
    made = make_small_lake(DAY, n_tasks=20, samples=1, n_calls=3)
    placed = sorted(made.trajectories, key=lambda row: sha256_text(f"shuffle:0:{row.trajectory_id}"))
    bare = {row.trajectory_id for row in placed[:13]}
    made.turns[:] = list(lengthened(made, bare))
    made.trajectories[:] = [
        row.model_copy(
            update={"n_tokens": LONG, "answer": None}
            if row.trajectory_id in bare
            else {"n_tokens": LONG, "engine_version": "1", "teacher_revision": "r", "vocabulary_sha256": "v"}
        )
        for row in made.trajectories
    ]
    tasks = {row.task_id for row in made.trajectories if row.trajectory_id in bare}
    made.tasks[:] = [task.model_copy(update={"answer": None} if task.task_id in tasks else {}) for task in made.tasks]
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made, with_signals={row.trajectory_id for row in placed} - bare)
    run_publish(settings, DAY, silent)
    return settings


def lengthened(made: SmallLake, bare: set[str]) -> Iterator[Turn]:
    """Each trajectory's last turn, extended to the wanted number of tokens; the others sample nothing else."""
    dice = np.random.default_rng(0)
    for turn, following in zip(made.turns, [*made.turns[1:], None], strict=True):
        grown: dict[str, Any] = {}
        if following is None or following.trajectory_id != turn.trajectory_id:
            own = [other.n_tokens for other in made.turns if other.trajectory_id == turn.trajectory_id]
            count = LONG - sum(own) + turn.n_tokens
            grown = {
                "n_tokens": count,
                "token_ids": dice.integers(0, 150_000, count).tolist(),
                "sampled": [True] * count,
                "logprobs": (-dice.exponential(size=count)).tolist(),
            }
        if turn.trajectory_id in bare:
            grown |= {"reasoning": None, "tool_calls": None, "tool_call_id": None, "tool": None, "logprobs": []}
            grown |= {"sampled": [False] * (grown.get("n_tokens") or turn.n_tokens)}
            grown |= {"content": None, "observation": None}
        yield turn.model_copy(update=grown)


def test_every_column_of_every_shard_is_the_same_also_where_a_shard_holds_only_nulls(long_release: Settings) -> None:
    """A loader that infers a type from a shard of nulls fails at the next shard, hours into a run."""
    schemas = [pq.read_schema(path) for path in shards_of(long_release)]
    assert len(schemas) > 2
    first, last = (pq.read_table(shards_of(long_release)[place]) for place in (0, -1))
    nullable = {field.name for field in arrow_schema(ReleaseRow) if field.nullable}
    assert all(first[name].null_count == first.num_rows for name in nullable)
    assert nullable - {name for name in nullable if not last[name].null_count} == {
        "student_token_ids", "student_loss_mask", "n_student_tokens", "student_segment", "student_segments",
        "student_trained", "student_dropped", "student_fault", "ids",
    }  # fmt: skip
    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
    assert schemas[0].equals(arrow_schema(ReleaseRow))
    features = [datasets.Features.from_arrow_schema(schema) for schema in schemas]
    assert all(found == features[0] for found in features)
    frames = [pd.read_parquet(path).dtypes.to_dict() for path in shards_of(long_release)]
    assert all(frame == frames[0] for frame in frames)
    lazy = [polars.read_parquet_schema(path) for path in shards_of(long_release)]
    assert all(schema == lazy[0] for schema in lazy)


def by_datasets(paths: list[str], *, streaming: bool) -> Iterator[dict[str, Any]]:
    cache = str(Path(paths[0]).parents[3] / "cache")
    loaded = datasets.load_dataset("parquet", data_files=paths, split="train", streaming=streaming, cache_dir=cache)
    yield from loaded


def by_duckdb(paths: list[str]) -> Iterator[dict[str, Any]]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        answer = con.execute("from read_parquet($paths)", {"paths": paths})
        names = [column[0] for column in answer.description or ()]
        yield from (dict(zip(names, row, strict=True)) for row in answer.fetchall())


OPENERS: dict[str, Callable[[list[str]], Iterator[dict[str, Any]]]] = {
    "datasets": lambda paths: by_datasets(paths, streaming=False),
    "streamed": lambda paths: by_datasets(paths, streaming=True),
    "polars": lambda paths: iter(polars.read_parquet(paths).to_dicts()),
    "duckdb": by_duckdb,
    "pandas": lambda paths: iter(
        pa.Table.from_pandas(
            pd.concat([pd.read_parquet(path) for path in paths]), arrow_schema(ReleaseRow), preserve_index=False
        ).to_pylist()
    ),
}


@pytest.mark.parametrize("opener", OPENERS)
def test_long_rows_come_out_of_every_reader_as_they_went_in(long_release: Settings, opener: str) -> None:
    """Every reader must open a release and return the same values."""
    paths = [str(path) for path in shards_of(long_release)]
    expected = release_rows(long_release)
    assert len(expected) == 20 and all(len(row["token_ids"]) == LONG for row in expected)
    assert list(OPENERS[opener](paths)) == expected


def test_a_single_shard_holds_its_column_descriptions_and_its_lineage(long_release: Settings) -> None:
    """Shards are copied, renamed and mixed: a shard without its manifest must still be traceable."""
    manifest = manifest_of(long_release)
    card = (latest(long_release) / "README.md").read_text("utf-8")
    for path, shard in zip(shards_of(long_release), manifest.shards, strict=True):
        schema, metadata = pq.read_schema(path), pq.read_metadata(path)
        described = [(field.name, field.metadata[b"description"].decode()) for field in schema]
        described += [
            (field.name, field.metadata[b"description"].decode()) for field in schema.field("messages").type.value_type
        ]
        assert described == [
            (name, info.description) for model in (ReleaseRow, Message) for name, info in model.model_fields.items()
        ]
        assert all(f"| `{name}` |" in card and text in card for name, text in described)
        lineage = {key.decode(): value.decode() for key, value in metadata.metadata.items()}
        assert lineage["horizon_release_id"] == manifest.release_id
        assert lineage["horizon_refine_id"] == manifest.refine_id
        assert json.loads(lineage["horizon_teachers"])[0]["template_sha256"] == manifest.teachers[0].template_sha256
        footer = int.from_bytes(path.read_bytes()[-8:-4], "little") + 8
        assert shard.data_sha256 == hashlib.sha256(path.read_bytes()[:-footer]).hexdigest()
    assert manifest.release_id == release_id([shard.data_sha256 or "" for shard in manifest.shards], manifest.lineage())


def test_another_refine_that_decides_the_same_makes_no_other_release(tmp_path: Path) -> None:
    """A night without new rows would otherwise make every trainer download the same rows again."""
    settings = settings_of(tmp_path)
    made = make_small_lake(DAY)
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made)
    run_publish(settings, DAY, silent)
    before = digests(latest(settings))
    made.kinds["planned, never started"] = "pending"
    write_decisions(Lake(settings.lake), DAY, made)
    run_publish(settings, DAY, silent)
    assert digests(latest(settings)) == before
