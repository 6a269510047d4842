"""A budget ends a run between turns: no turn is lost or sampled twice, and the unfinished attempts are counted."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rollout.monitor.budget import Budget
from flows.rollout.monitor.run_status import read_status
from flows.rollout.monitor.status_display import headline
from flows.rollout.protocol import TeacherError, TeacherRefused
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings, SettingsError
from schemas import Record, Trajectory, Turn, Verdict
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm
from tests.doubles.teachers.scripted import ScriptedTeacher, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

DAY = date(2026, 1, 2)
FACTORY = str(Path(sys.executable).with_name("factory"))
CLOCK = {"started_at", "ended_at", "seconds", "queued_seconds", "cpu_seconds"}
IDS: dict[type[Record], tuple[str, ...]] = {
    Trajectory: ("trajectory_id",),
    Turn: ("trajectory_id", "index"),
    Verdict: ("trajectory_id", "turn_index", "verifier"),
}


def home(folder: Path, **rollout: Any) -> Settings:
    settings = Settings(home=folder, rollout=Rollout(max_in_flight=4, **rollout))
    write_wiki_tasks(Lake(settings.lake), DAY, 12)
    return settings


def roll_out(settings: Settings, teacher: ScriptedTeacher, since: datetime | None = None) -> dict[str, int | str]:
    return run_rollout(settings, DAY, silent, Factories(opening(teacher), open_tiny_dialect), since)


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with connect(Lake(settings.lake)) as con:
        return con.execute(sql).fetchall()


def rows(settings: Settings, model: type[Record]) -> list[dict[str, Any]]:
    found = [
        row for part in Lake(settings.lake).parts(model) for row in pq.read_table(part, partitioning=None).to_pylist()
    ]
    kept = [{name: value for name, value in row.items() if name not in CLOCK} for row in found]
    return sorted(kept, key=lambda row: [str(row[name]).zfill(4) for name in IDS[model]])


def failing_checks(settings: Settings) -> dict[str, int]:
    with connect(Lake(settings.lake)) as con:
        return {name: n for name, n in run_checks(con).items() if n}


@pytest.mark.slow
def test_runs_stopped_by_a_budget_end_with_the_rows_of_an_undisturbed_run(tmp_path: Path) -> None:
    """A budget that discarded the attempts in flight would make the next run sample them again."""
    whole, teacher = home(tmp_path / "whole"), ScriptedTeacher(reading)
    roll_out(whole, teacher)
    cut, again = home(tmp_path / "cut", max_tokens=1_000), ScriptedTeacher(reading, delay_s=0.05)
    runs = [roll_out(cut, again)]
    assert 0 < int(runs[0]["finished"]) < 24
    assert str(runs[0]["stopped"]).startswith("max_tokens 1,000 reached; ")
    while "stopped" in runs[-1]:
        assert failing_checks(cut) == {}
        runs.append(roll_out(cut, again))
    assert len(runs) > 2
    for model in IDS:
        assert rows(cut, model) == rows(whole, model)
    assert sorted(again.exchanges) == sorted(teacher.exchanges)
    assert query(cut, "select count(*) from unfinished") == [(0,)]


@pytest.mark.slow
def test_attempts_that_a_budget_left_unfinished_are_labelled_and_counted(tmp_path: Path) -> None:
    """Long attempts are cut more often than short ones; uncounted, that bias would reach the student unnoticed."""
    settings, n = home(tmp_path, max_tokens=1_500), 24
    counts = roll_out(settings, ScriptedTeacher(reading, delay_s=0.02))
    fates = dict(query(settings, "select reason, count(*) from fates where fate = 'unfinished' group by 1"))
    assert fates["not_refined"] == counts["finished"]
    assert fates["budget"] + fates["not_started"] == counts["pending"]
    censored = {
        row[0]: row[1:] for row in query(settings, "select reason, ending, attempts, planned, share from censoring")
    }
    assert censored["answered"] == ("natural", counts["finished"], n, int(counts["finished"]) / n)
    assert censored["budget"][:2] == ("unfinished", fates["budget"])
    left = query(settings, "select n_turns, n_tokens, n_sampled_tokens from unfinished where reason = 'budget'")
    assert all(turns > 0 and tokens > sampled > 0 for turns, tokens, sampled in left)
    made = query(settings, "select sum(n_turns), sum(n_sampled_tokens) from trajectories")[0]
    assert sum(turns for turns, _, _ in left) + made[0] == counts["turns"]
    assert sum(sampled for _, _, sampled in left) + made[1] == counts["sampled_tokens"]
    shorter = query(settings, "select turns_to_natural, tokens_to_natural from censoring where reason = 'budget'")[0]
    assert 0 < shorter[0] < 1
    assert 0 < shorter[1] < 1
    status = read_status(settings.state)
    assert status is not None
    assert "was stopped by a budget (max_tokens 1,500)" in headline(status)


@pytest.mark.slow
def test_hours_end_a_run_too(tmp_path: Path) -> None:
    settings = home(tmp_path, max_hours=0.5 / 3600)
    counts = roll_out(settings, ScriptedTeacher(reading, delay_s=0.2))
    assert "max_hours" in str(counts["stopped"])
    assert int(counts["pending"]) > 0


@pytest.mark.slow
def test_a_budget_holds_for_all_tries_of_a_run(tmp_path: Path) -> None:
    """A step that is retried after an outage would spend its budget three times."""
    settings, begun = home(tmp_path, max_tokens=1_500), datetime.now(UTC)

    def fail(prompt: str) -> None:
        if len(teacher.exchanges) > 20:
            raise TeacherError("the connection failed")

    teacher = ScriptedTeacher(reading, delay_s=0.05, failing=fail)
    with pytest.raises(TeacherError, match="Nothing is lost"):
        roll_out(settings, teacher, begun)
    assert 1_000 < sum(len(ids) for _, ids in teacher.exchanges) < 1_500
    teacher.failing = lambda prompt: None
    second = roll_out(settings, teacher, begun)
    assert "stopped" in second
    assert int(second["sampled_tokens"]) < 1_000
    assert query(settings, "select ending from rollouts order by started_at") == [("failed",), ("budget",)]
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert int(roll_out(settings, teacher, later)["sampled_tokens"]) >= 1_000


@pytest.mark.slow
def test_an_aborted_attempt_is_distinguished_from_one_that_a_budget_cut(tmp_path: Path) -> None:
    """Both are unfinished, but only the aborted one needs attention."""
    settings = home(tmp_path)

    def refuse(prompt: str) -> None:
        if "(2)" in prompt and spoken(prompt) == 1:
            raise TeacherRefused("context exceeded")

    teacher = ScriptedTeacher(reading, failing=refuse)
    counts = roll_out(settings, teacher)
    assert counts["fault:teacher_refused"] == 2
    assert "stopped" not in counts
    found = query(settings, "select distinct reason, detail, n_turns from unfinished")
    assert found == [("aborted_to_retry", "teacher_refused: context exceeded", 1)]
    assert failing_checks(settings) == {}
    stopped = Settings(home=tmp_path, rollout=Rollout(max_in_flight=4, max_tokens=1))
    teacher.failing = lambda prompt: None
    roll_out(stopped, teacher)  # these attempts no longer abort
    assert dict(query(settings, "select reason, count(*) from unfinished group by 1")).get("aborted_to_retry", 0) == 0


@pytest.mark.slow
def test_a_failed_run_records_its_error_and_its_cost(tmp_path: Path) -> None:
    settings = home(tmp_path)

    def fail(prompt: str) -> None:
        raise TeacherError("the connection | failed")

    with pytest.raises(TeacherError):
        roll_out(settings, ScriptedTeacher(reading, failing=fail))
    status = read_status(settings.state)
    assert status is not None
    assert (status.ending, status.planned) == ("failed", 24)
    assert "the connection | failed" in headline(status)
    assert query(settings, "select ending, planned from rollouts") == [("failed", 24)]
    assert query(settings, "select count(*) from unfinished") == [(24,)]


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_budget_is_reached_exactly_when_its_tokens_are_spent(limit: int, before: int, now: int) -> None:
    budget = Budget(max_tokens=limit, spent_tokens=before)
    assert (budget.reached(now, 0.0) is not None) == (before + now >= limit)
    left = budget.seconds_left(now, 0.0, 10.0)
    assert left == max(0, limit - before - now) / 10


def test_a_budget_of_zero_is_refused_before_any_work() -> None:
    with pytest.raises(SettingsError, match="max_hours"):
        Settings().within(None, 0.0)
    with pytest.raises(SettingsError, match="max_tokens"):
        Settings().within(0, None)
    assert Settings().within(5, None).rollout.max_tokens == 5


SETTINGS = """
[teacher]
engine = "vllm"
urls = ["{url}"]
model = "tiny-qwen3"
tokenizer = "{tokenizer}"
renderer = "qwen3"
[rollout]
max_in_flight = 2
"""


@pytest.mark.slow
def test_the_command_stopped_by_its_budget_succeeds_and_names_the_remaining_attempts(tmp_path: Path) -> None:
    """A nightly that failed whenever its budget is spent would raise an alarm every night."""
    tiny.save(tmp_path / "tokenizer")
    write_wiki_tasks(Lake(tmp_path / "lake"), DAY, 6, samples=1)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FACTORY_")}
    with fake_vllm(delay_s=0.2) as fake:
        (tmp_path / "factory.toml").write_text(SETTINGS.format(url=fake.url, tokenizer=tmp_path / "tokenizer"))
        command = [FACTORY, "rollout", "--date", DAY.isoformat(), "--max-tokens", "50"]
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "the rollout stopped early: max_tokens 50 reached" in done.stdout
    assert "the next run resumes" in done.stdout
