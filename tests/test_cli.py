"""The `factory` command as users run it: in its own process, in an empty directory."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from flows.cli import app
from tests.doubles.lakes.small_lake import write_small_lake
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.fake_vllm import fake_vllm
from warehouse.lake import Lake

FACTORY = str(Path(sys.executable).with_name("factory"))


def factory(home: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    settings = {key: value for key, value in os.environ.items() if not key.startswith("FACTORY_")}
    return subprocess.run(
        [FACTORY, *words],
        cwd=home,
        capture_output=True,
        text=True,
        env=settings | environment,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def worked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_small_lake(Lake(home / "lake"), date(2026, 1, 1), n_tasks=4, samples=2)
    return home


def test_every_verb_is_described(tmp_path: Path) -> None:
    """Users do not run a command without a description."""
    helped = factory(tmp_path, "--help").stdout
    for verb in ("run", "serve", "crawl", "tasks", "rollout", "refine", "publish", "status", "sql", "stats", "show"):
        line = next(line for line in helped.splitlines() if f" {verb} " in line)
        assert len(line.split()) > 4, line


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group below a group."""
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


def test_the_help_of_every_command_prints() -> None:
    """Square brackets in a help text are markup: `[/file]` once ended `factory import --help` in a traceback."""
    for words in commands(get_command(app)):
        helped = CliRunner().invoke(app, [*words, "--help"])
        assert helped.exit_code == 0, (words, helped.exception)
        assert "Usage" in helped.output


def test_help_loads_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    """A --help that imports Prefect and DuckDB takes seconds."""
    heavy = ["prefect", "duckdb", "pyarrow", "transformers", "pydantic_settings"]
    code = f"import sys, flows.cli; sys.exit(','.join(m for m in {heavy} if m in sys.modules) or 0)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr


@pytest.mark.slow
def test_init_writes_a_file_that_is_accepted_and_never_overwrites_one(tmp_path: Path) -> None:
    """A silently replaced settings file loses a night of tuning."""
    assert factory(tmp_path, "init").returncode == 0
    written = (tmp_path / "factory.toml").read_text()
    again = factory(tmp_path, "init")
    assert again.returncode == 1
    assert "already exists" in again.stderr
    assert (tmp_path / "factory.toml").read_text() == written
    assert factory(tmp_path, "status").returncode == 0


def test_a_wrong_setting_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    """A traceback hides the one line with the key to change."""
    (tmp_path / "factory.toml").write_text("[crawl]\nmax_pages = 0\n")
    refused = factory(tmp_path, "status")
    assert refused.returncode == 1
    assert "crawl.max_pages" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_wrong_date_is_refused(tmp_path: Path) -> None:
    """A typo in --date must not start a crawl."""
    refused = factory(tmp_path, "run", "--date", "yesterday")
    assert refused.returncode == 1
    assert "YYYY-MM-DD" in refused.stderr
    assert not (tmp_path / "lake").exists()


@pytest.mark.slow
def test_settings_that_a_step_refuses_are_reported_at_once(tmp_path: Path) -> None:
    """A retry cannot fix a typo; it only delays the message."""
    (tmp_path / "factory.toml").write_text('[crawl]\nfolders = ["no-such-folder"]\n')
    refused = factory(tmp_path, "crawl", PREFECT_LOGGING_LEVEL="INFO")
    assert refused.returncode == 1
    assert "factory: crawl.folders" in refused.stderr
    assert "Retry" not in refused.stdout + refused.stderr


@pytest.mark.slow
def test_a_teacher_that_refuses_is_reported_at_once(tmp_path: Path) -> None:
    """Two more tries of a wrong address or model keep the message back, and end with the same one."""
    write_wiki_tasks(Lake(tmp_path / "lake"), date(2026, 1, 1), 1)
    with fake_vllm() as fake:
        (tmp_path / "factory.toml").write_text(f'[teacher]\nengine = "vllm"\nurls = ["{fake.url}"]\nmodel = "other"\n')
        refused = factory(tmp_path, "rollout", "--date", "2026-01-01", PREFECT_LOGGING_LEVEL="INFO")
    assert refused.returncode == 1
    assert "it serves tiny-qwen3: set teacher.model to one of these" in refused.stderr
    assert "Retry" not in refused.stdout + refused.stderr


@pytest.mark.slow
def test_sql_answers_in_every_format(worked_home: Path) -> None:
    """Without an export format, numbers are copied from the terminal by hand."""
    query = "select count(*) as planned from attempts"
    assert json.loads(factory(worked_home, "sql", query, "--format", "json").stdout) == [{"planned": 8}]
    assert factory(worked_home, "sql", query, "--format", "csv").stdout.split() == ["planned", "8"]
    assert "8" in factory(worked_home, "sql", query).stdout
    out = worked_home / "rows.parquet"
    assert factory(worked_home, "sql", query, "--format", "parquet", "--out", str(out)).returncode == 0
    assert out.exists()


def test_sql_refuses_to_write(worked_home: Path) -> None:
    """A mistake in a query must not damage the lake."""
    refused = factory(worked_home, "sql", "copy (select 1) to 'x.csv'")
    assert refused.returncode == 1
    assert not (worked_home / "x.csv").exists()


@pytest.mark.slow
def test_stats_show_and_checks_answer(worked_home: Path) -> None:
    """The commands of every morning: statistics, one trajectory, and the integrity checks."""
    plot = worked_home / "horizon.svg"
    assert factory(worked_home, "stats", "--out", str(plot)).returncode == 0
    assert plot.read_text().startswith("<svg")
    assert factory(worked_home, "report").stdout.strip() == "wrote report-2026-01-01.html"
    assert "Night 2026-01-01" in (worked_home / "report-2026-01-01.html").read_text("utf-8")
    some = json.loads(factory(worked_home, "sql", "select trajectory_id from trajectories", "--format", "json").stdout)
    shown = factory(worked_home, "show", some[0]["trajectory_id"])
    assert shown.returncode == 0
    assert some[0]["trajectory_id"] in shown.stdout
    assert factory(worked_home, "checks").stdout.strip() == "every count adds up"
    missing = factory(worked_home, "show", "nothing-goes-by-this")
    assert missing.returncode == 1
    assert "Traceback" not in missing.stderr
