"""The benchmarks' own arithmetic: a figure that is wrong is worse than none."""

import importlib

import pytest

from tests.benchmarks.rollout.cache import hit_share, ideal_share
from tests.benchmarks.rollout.recorded import Record, Request
from tests.benchmarks.rollout.replay import priming, trace

TWO = Record(
    2,
    [
        Request("a", begun=0.0, ended=1.0, prompt=100, cached=32, sampled=60),
        Request("b", begun=0.5, ended=2.5, prompt=100, cached=0, sampled=40),
        Request("a", begun=1.0, ended=2.0, prompt=300, cached=128, sampled=50),
    ],
)


@pytest.mark.parametrize("name", ["turns", "tail", "cost", "fullness", "cache"])
def test_every_module_of_the_rollout_can_be_run_alone(name: str) -> None:
    """`python -m tests.benchmarks rollout.NAME` would else end with an import error after minutes."""
    assert callable(importlib.import_module(f"tests.benchmarks.rollout.{name}").figures)


def test_rates_count_the_tail_or_leave_it_out() -> None:
    """The steady rate ends where the last attempt began: 30 tokens of the first request by then."""
    assert TWO.rate == 150 / 2.5
    assert TWO.steady_rate == pytest.approx(60 * 0.5 / 0.5)


def test_the_ideal_holds_all_that_the_episode_said_before() -> None:
    """A first turn can find only what all episodes begin with; a later one everything, or its whole blocks."""
    assert hit_share(TWO) == 160 / 500
    assert ideal_share(TWO, 1) == (32 + 32 + 160) / 500
    assert ideal_share(TWO, 128) == (32 + 32 + 128) / 500


def test_a_replay_has_the_lengths_and_the_cached_share_of_what_it_replays() -> None:
    """Chunks of an episode's trunk are in the cache before; every other chunk is new, in each request."""
    ready = {name for row in priming(TWO, 32) for name in row["hash_ids"][: (row["input_length"] - 1) // 32]}
    rows = list(trace(TWO, 32))
    assert [(row["input_length"], row["output_length"]) for row in rows] == [(100, 60), (100, 40), (300, 50)]
    assert [sum(32 for name in row["hash_ids"] if name in ready) for row in rows] == [32, 0, 128]
    fresh = [name for row in rows for name in row["hash_ids"] if name not in ready]
    assert len(fresh) == len(set(fresh))
