"""Tests of the benchmarks: each still runs and prints the figures that it declares, and their arithmetic is right."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.benchmarks.rollout.cache import hit_share, ideal_share
from tests.benchmarks.rollout.recorded import Record, Request
from tests.benchmarks.rollout.replay import priming, trace
from tests.benchmarks.runner import Benchmark, find, run

TWO = Record(
    2,
    [
        Request("a", begun=0.0, ended=1.0, prompt=100, cached=32, sampled=60),
        Request("b", begun=0.5, ended=2.5, prompt=100, cached=0, sampled=40),
        Request("a", begun=1.0, ended=2.0, prompt=300, cached=128, sampled=50),
    ],
)


BENCHMARKS = find()
GROUPS = {"rollout.cache": "vllm", "rollout.fullness": "vllm", "scale.ray_speedup": "ray"}
"""Benchmarks of which one runs at a time."""


def _smoke_run(one: Benchmark) -> object:
    """Real vLLM servers and Ray clusters run one after another, since each takes all cores."""
    group = pytest.mark.xdist_group(GROUPS.get(one.name, f"benchmark {one.name}"))
    return pytest.param(one, id=one.name, marks=[pytest.mark.slow, pytest.mark.timeout(900), group])


@pytest.mark.parametrize("one", [_smoke_run(one) for one in BENCHMARKS])
def test_a_smoke_run_prints_the_declared_figures(one: Benchmark) -> None:
    """Both sizes run the same code and print the same names, so a benchmark that fails here fails at full size."""
    command = [sys.executable, "-m", "tests.benchmarks", "--smoke", one.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if f"{one.name} is skipped" in done.stderr:
        pytest.skip(done.stderr.strip())
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["figure"] for line in lines) == sorted(one.module.FIGURES)


def test_no_two_benchmarks_print_the_same_figure() -> None:
    """Only its name distinguishes a figure when runs are compared."""
    names = [name for one in BENCHMARKS for name in one.module.FIGURES]
    assert len(names) == len(set(names))


def test_a_name_selects_a_benchmark_or_a_package_of_them() -> None:
    assert [one.name for one in find(["rollout.turns", "cli"])] == ["rollout.turns", "cli"]
    assert {one.name for one in find(["publish"])} == {
        one.name for one in BENCHMARKS if one.name.startswith("publish.")
    }
    with pytest.raises(LookupError, match=r"no benchmark named roll; there are: .*rollout\.turns"):
        find(["roll"])


MODULE = """
from tests.benchmarks.figure import Figure, MissingTool
FIGURES, FULL, SMOKE = ("a", "b"), 10, 1
def figures(size):
    {body}
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Benchmark]]:
    """Makes a benchmark whose `figures` has that body."""
    (tmp_path / "made_benchmarks").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(body: str) -> Benchmark:
        (tmp_path / "made_benchmarks" / "one.py").write_text(MODULE.format(body=body))
        return Benchmark("one", "made_benchmarks")

    yield make
    for name in ("made_benchmarks", "made_benchmarks.one"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("names", ["a", "aab", "abc"])
def test_a_benchmark_that_prints_other_figures_than_it_declares_fails(
    made: Callable[[str], Benchmark], names: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([made(f"yield from (Figure(name, size, 's') for name in {names!r})")], "smoke") == 1
    assert "one printed" in capsys.readouterr().err


def test_a_line_names_its_size_and_a_baseline_that_is_not_installed_is_null(
    made: Callable[[str], Benchmark], capsys: pytest.CaptureFixture[str]
) -> None:
    """A smoke figure measures nothing, and NaN is no JSON."""
    one = made("yield Figure('a', size, 's'); yield Figure('b', None, 'ratio', 'no baseline: pip install it')")
    assert run([one], "full") == 0
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert [(line["figure"], line["value"], line["size"]) for line in lines] == [("a", 10, "full"), ("b", None, "full")]
    assert printed.err == "b is not measured: no baseline: pip install it\n"


@pytest.mark.parametrize(("required", "failures", "verb"), [(False, 0, "is skipped"), (True, 1, "failed")])
def test_a_missing_tool_skips_or_fails_with_one_line(
    made: Callable[[str], Benchmark],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    required: bool,
    failures: int,
    verb: str,
) -> None:
    """A skip without a word would look like a benchmark that ran."""
    monkeypatch.delenv("FACTORY_REQUIRE_TEACHER", raising=False)
    if required:
        monkeypatch.setenv("FACTORY_REQUIRE_TEACHER", "1")
    one = made("raise MissingTool('no teacher: install it', 'FACTORY_REQUIRE_TEACHER')")
    assert run([one], "smoke") == failures
    assert capsys.readouterr().err == f"one {verb}: no teacher: install it\n"


def test_a_failed_benchmark_stops_no_other(
    made: Callable[[str], Benchmark], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = made("raise ValueError('broken')")
    assert run([broken, find(["publish.packing"])[0]], "smoke") == 1
    printed = capsys.readouterr()
    assert "ValueError: broken" in printed.err
    assert "publish.pack_fill" in printed.out


def test_rates_count_the_tail_or_leave_it_out() -> None:
    """The steady rate ends where the last attempt began: 30 tokens of the first request by then."""
    assert TWO.rate == 150 / 2.5
    assert TWO.steady_rate == pytest.approx(60 * 0.5 / 0.5)


def test_the_ideal_caches_every_earlier_token_of_an_episode() -> None:
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
