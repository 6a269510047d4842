"""The simulated night: work is conserved, limits show, and the attempts are those of the lake."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from flows.cli import app
from flows.rollout.capacity.attempts import Attempt, Shape, Turn, invented, of_lake, tokens
from flows.rollout.capacity.forecast import forecast
from flows.rollout.capacity.machines import Machines, Speed, TrialError, read_trial
from flows.rollout.capacity.night import Night
from flows.rollout.capacity.server import CHUNK
from tests.doubles.lakes.small_lake import write_small_lake
from warehouse.connect import connect
from warehouse.lake import Lake

SPEED = Speed(1_000.0, {1: 10.0, 8: 40.0})
ROOMY = Machines(servers=1, speed=SPEED, kv_tokens=1 << 30, client_seconds_per_turn=0.0)
TRIAL = {
    "speeds": [{"prefill_per_s": 2_000.0, "sampled_per_s": {"1": 60.0, "8": 370.0}}],
    "loads": [{"kv_tokens": 50_000}],
}
TURNS = st.builds(
    Turn, st.integers(1, 400), st.integers(1, 60), st.sampled_from([0.0, 0.5, 3.0]), st.sampled_from([0.0, 0.25])
)
SEGMENTS = st.lists(TURNS, min_size=1, max_size=4).map(tuple)
ATTEMPTS = st.lists(st.lists(SEGMENTS, min_size=1, max_size=2).map(tuple), min_size=1, max_size=8)


def night_of(attempts: list[Attempt], machines: Machines = ROOMY) -> Night:
    night = Night(machines)
    night.run(attempts)
    return night


def test_one_attempt_takes_as_long_as_its_parts() -> None:
    """A forecast that a hand calculation contradicts is worth nothing."""
    attempt: Attempt = ((Turn(500, 20), Turn(100, 30, tool_seconds=2.0, sandbox_seconds=0.5)),)
    night = night_of([attempt])
    of_prompts = 600 * (1 / 1_000 - 1 / 10 / CHUNK)
    assert night.env.now == pytest.approx(of_prompts + 20 / 10 + 2.0 + 30 / 10, abs=1e-3)
    assert night.server.busy_s == pytest.approx(night.env.now - 2.0, abs=1e-3)


def test_requests_at_once_share_the_rate_that_was_measured_for_so_many() -> None:
    """Servers are bought for what they do with many requests, not with one."""
    eight = night_of([((Turn(1, 400),),)] * 8)
    assert eight.env.now == pytest.approx(8 * 400 / 40, rel=0.02)
    assert [SPEED.rate(n) for n in (1, 8, 100)] == [10.0, 40.0, 40.0] and 10 < SPEED.rate(4) < 40


def test_a_prompt_beside_others_slows_their_sampling_and_is_cheaper_than_alone() -> None:
    """A forecast that adds both buys machines that nobody needs; one that adds nothing promises too short a night."""
    sampling: Attempt = ((Turn(1, 400),),)
    beside: Attempt = ((Turn(20_000, 1),),)
    apart = night_of([sampling] * 8).env.now + night_of([beside]).env.now
    together = night_of([*[sampling] * 8, beside]).env.now
    assert 0.85 * apart < together < apart


@given(ATTEMPTS)
@settings(max_examples=40, deadline=None)
def test_every_token_is_computed_once_unless_a_context_left(attempts: list[Attempt]) -> None:
    """Work that is lost or invented makes every other figure wrong."""
    for kv_tokens in (1 << 30, 600):
        machines = Machines(1, SPEED, kv_tokens, client_seconds_per_turn=0.01, sandbox_cores=1)
        night = night_of(attempts, machines)
        turns = [turn for attempt in attempts for segment in attempt for turn in segment]
        assert night.finished == len(attempts) and night.turns == len(turns)
        assert night.server.sampled == pytest.approx(sum(turn.sampled_tokens for turn in turns), rel=1e-3, abs=0.1)
        new = sum(turn.new_tokens for turn in turns)
        assert night.server.prefilled == pytest.approx(new + night.recomputed, rel=1e-3, abs=0.1)
        assert night.leaves >= (night.recomputed > 0)


def test_a_small_kv_cache_and_few_cores_are_named_as_limits() -> None:
    """The forecast must show which machine to buy."""
    drawn = invented(Shape(turns=12), 60)
    fast = Machines(2, Speed(1e6, {1: 1e5}), 1 << 30, sandbox_cores=2)
    assert forecast(drawn, 60, fast).limit == "sandbox cores"
    slow = Machines(1, SPEED, 1 << 30, sandbox_cores=64)
    assert forecast(drawn, 60, slow).limit == "servers"
    crowded = forecast(drawn, 60, Machines(1, SPEED, 9_000, kv_cache_share=1.0, sandbox_cores=64))
    assert crowded.leaves and crowded.recomputed_share and crowded.hours > forecast(drawn, 60, slow).hours
    clients = Machines(1, Speed(1e6, {1: 1e5}), 1 << 30, sandbox_cores=64, client_seconds_per_turn=1.0)
    assert forecast(drawn, 60, clients).limit == "client processes"


def test_invented_attempts_have_the_length_that_a_night_aims_at() -> None:
    """The arithmetic of the guide rests on it; the same seed gives the same night."""
    drawn = invented(Shape(), 1_000)
    assert sum(map(tokens, drawn)) / len(drawn) == pytest.approx(45_000, rel=0.06)
    assert drawn[:50] == invented(Shape(), 50)


def test_the_attempts_of_a_lake_have_all_their_tokens(tmp_path: Path) -> None:
    """A forecast from the user's own nights must hold their real lengths."""
    lake = Lake(tmp_path / "lake")
    made = write_small_lake(lake, date(2026, 1, 1), n_tasks=4)
    with connect(lake) as con:
        found = of_lake(con)
    ended = {one.trajectory_id: 0 for one in made.trajectories if one.status != "aborted"}
    for turn in made.turns:
        if turn.trajectory_id in ended:
            ended[turn.trajectory_id] += turn.n_tokens
    assert found and sorted(map(tokens, found)) == sorted(ended.values())
    assert all(0 <= turn.shared_tokens <= turn.new_tokens for one in found for part in one for turn in part)
    assert sum(turn.tool_seconds for one in found for part in one for turn in part) > 0


def test_the_command_simulates_with_the_speed_of_a_trial(tmp_path: Path) -> None:
    """A user plans a cluster with one trial of one server."""
    (tmp_path / "trial.json").write_text(json.dumps(TRIAL))
    runner = CliRunner(env={"FACTORY_HOME": str(tmp_path)})
    command = ["capacity", str(tmp_path / "trial.json"), "--attempts", "20", "--servers", "2", "--tokens", "2000"]
    result = runner.invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "GPU hours" in result.output and "invented attempts" in result.output and "servers" in result.output


def test_a_system_prompt_that_attempts_share_is_computed_once() -> None:
    """Short attempts would seem to need twice the servers: the prefix cache of a real one holds the prompt."""
    own: list[Attempt] = [((Turn(1_000, 10),),)] * 8
    shared: list[Attempt] = [((Turn(1_000, 10, shared_tokens=900),),)] * 8
    assert night_of(own).server.prefilled == pytest.approx(8_000, rel=1e-3)
    assert night_of(shared).server.prefilled == pytest.approx(800, rel=1e-3)


@pytest.mark.parametrize("text", ["", "[]", '{"speeds": [], "loads": []}', '{"speeds": [{"prefill_per_s": "x"}]}'])
def test_another_file_is_refused_with_the_command_that_writes_one(tmp_path: Path, text: str) -> None:
    """A trial that found no server has no speed."""
    (tmp_path / "trial.json").write_text(text)
    with pytest.raises(TrialError, match="factory teacher try --json"):
        read_trial(tmp_path / "trial.json")
