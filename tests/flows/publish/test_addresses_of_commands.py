"""Addresses on the command line: each command refuses one that names no place, and leaves nothing behind."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from flows.cli import app
from flows.commands.address_group import AddressGroup

COMMANDS = [
    "publish gs://bucket/sets", "publish --to s3a://bucket/sets", "publish verify S3://bucket/sets",
    "pull az://container/sets data", "pull release gs://bucket/sets", "export --view trl --out s3://bucket/sft",
    "export --view trl --out sft --release s3:/bucket/x", "import --format messages gs://bucket/rows.jsonl",
    "import --format messages hf://datasets/owner/name", "import --format messages rows.jsonl --tools s3://b/tools.json",
    "stats --out s3://bucket/plot.svg", "refine audit --out gs://bucket/sample.csv", "lineage --raw s3://b/raw 3f2a",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_an_address_that_it_cannot_use(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0 and a local folder called `gs:` is how a release gets lost."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACTORY_PUBLISH__TO", "release")  # the command sets it; restored after the test
    (tmp_path / "rows.jsonl").write_text("{}\n")
    ended = CliRunner().invoke(app, command.split())
    assert ended.exit_code in (1, 2)
    assert "Traceback" not in ended.output
    assert {path.name for path in tmp_path.iterdir()} <= {"rows.jsonl", "state", "lake", "warehouse.duckdb"}


@pytest.mark.parametrize("words", ["verfy", "verifi release", "one two", "release two"])
def test_a_misspelt_subcommand_is_no_address(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`factory publish verfy` must not publish into a folder called `verfy`."""
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, ["publish", *words.split()])
    assert ended.exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words", ["s3://bucket/sets --date 2026-01-02", "--date 2026-01-02 s3://bucket/sets", "--to s3://bucket/sets"]
)
def test_the_address_stands_before_or_after_the_options(words: str) -> None:
    """`factory publish s3://bucket/sets` publishes there, with options before or after the address."""
    given: list[str | None] = []
    group = typer.Typer(cls=AddressGroup, invoke_without_command=True)

    @group.callback()
    def publish(to: str | None = None, date: str = "2026-01-02") -> None:
        given.extend([to, date])

    @group.command()
    def verify() -> None:
        given.append("verify")

    CliRunner().invoke(group, words.split(), catch_exceptions=False)
    assert given == ["s3://bucket/sets", "2026-01-02"]
