"""Checks before a night: whatever would fail at its end fails at its start, with the name of the setting."""

import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.environments.sandbox import unavailable
from flows.preflight import check_before_run, check_before_serving
from flows.settings import load
from tests.doubles.teachers.fake_vllm import fake_vllm


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FACTORY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return tmp_path


CLOSED = "http://127.0.0.1:1"
"""No service listens on port 1. A free port would name the tests differently in each process of the suite."""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (f'[teacher]\nengine = "vllm"\nurls = ["{CLOSED}"]\n', ["teacher.urls", CLOSED, "no server answers"]),
        ('[teacher]\nengine = "vllm"\nvenv = "no-venv"\nmodel = "m"\n', ["no-venv", "factory teacher install"]),
        ('[teacher]\nmodel = "no-model.gguf"\n', ["teacher.model = 'no-model.gguf'", "no such file"]),
        ('[teacher]\ntokenizer = "./no-tokenizer"\n', ["teacher.tokenizer = './no-tokenizer'"]),
        ("min_free_gb = 1e9\n", ["min_free_gb = 1e+09", "GB are free"]),
        ('[publish]\nto = "taken/release"\n', ["publish.to", "taken is no folder"]),
        (f'[publish]\nto = "s3://b/p"\nendpoint_url = "{CLOSED}"\n', ["publish.endpoint_url", CLOSED]),
        ('[tasks]\ncomposers = ["poems"]\n', ["tasks.composers", "poems"]),
        ("[tasks.share]\ngeneral_agentic = 1\n", ["general_agentic of [tasks.share]", "calls tools", "rehearse"]),
        ('[refine]\nadvisory_gates = ["luck"]\n', ["refine.advisory_gates", "luck"]),
    ],
)
def test_a_night_that_cannot_end_does_not_begin(home: Path, settings: str, says: list[str]) -> None:
    """Hours of crawl and rollout are lost when publish or the teacher then refuses."""
    (home / "taken").write_text("")
    (home / "factory.toml").write_text(settings)
    before = sorted(home.rglob("*"))
    with pytest.raises(Exception) as refused:
        check_before_serving(load())
    assert all(part in str(refused.value) for part in says), refused.value
    assert sorted(home.rglob("*")) == before
    with pytest.raises(type(refused.value)):
        check_before_run(load())


def test_a_home_that_is_ready_is_left_as_it_is(home: Path) -> None:
    """A check that creates a lake or a release folder makes an empty home look used."""
    with fake_vllm() as teacher:
        (home / "factory.toml").write_text(f'[teacher]\nengine = "vllm"\nurls = ["{teacher.url}/v1", "{CLOSED}"]\n')
        check_before_serving(load())
    assert [path.name for path in home.iterdir()] == ["factory.toml"]


def test_a_single_step_needs_only_its_own(home: Path) -> None:
    """`factory crawl` must work while the teacher is down."""
    (home / "factory.toml").write_text(f'[teacher]\nengine = "vllm"\nurls = ["{CLOSED}"]\n')
    check_before_run(load(), ["crawl"])


def test_the_doctor_tries_to_leave_the_sandbox_where_code_runs(home: Path) -> None:
    """A hole of this machine must show before code of a model finds it, at the start of a night."""
    if (reason := unavailable()) and not os.environ.get("FACTORY_REQUIRE_SANDBOX"):
        pytest.skip(reason)
    (home / "factory.toml").write_text('[tasks]\ncomposers = ["cloze"]\n[rollout.python]\nsearch = "bare"\n')
    checked = CliRunner().invoke(app, ["doctor"])
    [line] = [line for line in checked.output.splitlines() if "sandbox:" in line]
    assert re.fullmatch(r"ok      sandbox: held \d{3} attempts to leave it", line)


def test_the_doctor_runs_every_check_and_fails_with_any(home: Path) -> None:
    """Whoever sets up a home mends all of its faults at once, instead of one for each start."""
    sound = CliRunner().invoke(app, ["doctor"])
    assert (sound.exit_code, [line.split()[0] for line in sound.output.splitlines()]) == (0, ["ok"] * 11)
    (home / "factory.toml").write_text(
        f'min_free_gb = 1e9\n[teacher]\nengine = "vllm"\nurls = ["{CLOSED}"]\n[notify]\nurls = ["json://h/s3cret"]\n'
    )
    ill = CliRunner().invoke(app, ["doctor"])
    assert ill.exit_code == 1
    failed = [line.split()[1] for line in ill.output.splitlines() if line.startswith("failed")]
    assert failed == ["disk:", "rollout:"]
    assert "s3cret" not in ill.output
    assert [path.name for path in home.iterdir()] == ["factory.toml"]
