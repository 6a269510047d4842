"""The benchmark of domains prints what a domain's policies do, by the guide's domain."""

from pathlib import Path

import pytest

from flows.domains import domain
from flows.domains.finding import use_folders
from tests.benchmarks.domains import NAMES, Size, figures_of
from tests.flows.domains.guide_domain import write_guide_domain


@pytest.mark.slow
def test_the_figures_of_a_domain(tmp_path: Path) -> None:
    use_folders([write_guide_domain(tmp_path)])
    try:
        found = {
            one.figure: one.value for one in figures_of(domain("dials"), Size(5, 3, 3, qwen3=False), tmp_path / "work")
        }
    finally:
        use_folders([])
    values = {name: found[f"domains.dials.{name}"] for name in NAMES}
    assert len(found) == len(NAMES)
    shares = ("oracle", "explorer", "shortcuts", "replay_identical")
    assert [values[name] for name in shares] == [1.0, 1.0, 0.0, 1.0]
    assert all(values[name] for name in NAMES if name != "shortcuts")
