"""The commands of a home whose lake is in a bucket."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from schemas import Turn
from tests.doubles.lakes.scattered_lake import write_scattered_lake
from warehouse.lake import Lake
from warehouse.objects import ObjectPath


@pytest.fixture
def home(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, which is the working directory, with its lake in a bucket."""
    assert isinstance(lake.root, ObjectPath)
    address, endpoint = lake.root, lake.root.bucket.endpoint_url
    (tmp_path / "factory.toml").write_text(f'lake_address = "{address}"\nlake_endpoint_url = "{endpoint}"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def factory(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.slow
def test_commands_read_the_bucket(home: Path, lake: Lake) -> None:
    """A command that looked into an empty folder instead would report a lake without rows."""
    assert "4" in factory("sql", "select count(*) from trajectories", "--format", "csv").output
    sizes = factory("lake", "du")
    assert sizes.exit_code == 0 and "bucket/turn" in sizes.output and f"bucket: {lake.root}\n" in sizes.output
    check = factory("lake", "check")
    assert check.exit_code == 0 and "damaged files: 0" in check.output
    assert not list((home / "lake").rglob("*.parquet"))


@pytest.mark.slow
def test_a_compaction_merges_the_parts_in_the_bucket(home: Path, lake: Lake) -> None:
    """A command that did nothing and succeeded would leave thousands of small parts unnoticed."""
    write_scattered_lake(lake, date(2025, 12, 1), n_tasks=1)
    parts = len(lake.parts(Turn))
    merged = factory("lake", "compact")
    assert merged.exit_code == 0 and "became" in merged.output
    assert len(lake.parts(Turn)) < parts
    assert "6" in factory("sql", "select count(*) from trajectories", "--format", "csv").output


def test_a_night_in_a_bucket_that_is_gone_ends_before_its_work(home: Path) -> None:
    """A night that fails after its crawl has wasted it."""
    text = (home / "factory.toml").read_text()
    (home / "factory.toml").write_text(text.replace("s3://lake-", "s3://no-lake-"))
    refused = factory("crawl")
    assert refused.exit_code == 1 and "s3://no-lake-" in refused.output
    assert not (home / "state" / "frontier.sqlite").exists()
