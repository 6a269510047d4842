"""The laboratory: data by seed, an instrument with a budget, a record that a kill keeps, and hostile results."""

import json
from pathlib import Path

import pytest

from flows.domains.scientific_agentic.examine import examine
from flows.domains.scientific_agentic.families import FAMILIES
from flows.domains.scientific_agentic.families.instrument import STANDARDS, instrument, reading, stream
from flows.domains.scientific_agentic.families.project import Project, digest_of
from flows.domains.scientific_agentic.kind import LABORATORY
from flows.domains.scientific_agentic.world.environment import DataDiffer, Laboratory
from flows.environments.environment import Checkpoint
from flows.environments.resources import Resources
from flows.environments.tool import Answer, ToolCall
from schemas.task import Hidden
from tests.flows.domains.ml_engineering.worlds import need_sandbox
from tests.flows.domains.reached_modules import assert_no_hidden_module

STUDIES = {"abc12": "sequences"}


def setup_of(**changed: object) -> str:
    """The setup of a small project in the small image."""
    sha256 = digest_of(Project(5, STUDIES).drawn(6)[0])
    setup = {"instrument": 5, "studies": STUDIES, "data": 6, "budget": 40, "sha256": sha256, "image": "python"}
    return json.dumps({**setup, "tools": ["bash", "write"], **changed})


def opened(folder: Path, **changed: object) -> Laboratory:
    """A fresh world."""
    need_sandbox()
    world = LABORATORY.open(setup_of(**changed), Resources(), folder)
    assert isinstance(world, Laboratory)
    return world


def call(world: Laboratory, name: str, **arguments: object) -> Answer:
    """The answer of a valid call."""
    tool = {one.name: one for one in world.tools()}[name]
    assert tool.invalid(arguments) is None
    return world.act(ToolCall("call", name, dict(arguments)))


def test_families_are_drawn_alike_and_plant_values_that_vary() -> None:
    """Data that differ from the composed ones are judged by values of others, and values that stay are constants."""
    assert len(FAMILIES) >= 12
    for name, family in FAMILIES.items():
        one, again, other = (family.make(stream(seed, name), instrument(3)) for seed in (1, 1, 2))
        assert one.files == again.files
        assert one.truth == again.truth
        assert list(one.truth) == [result.key for result in family.results]
        apart = [
            abs(one.truth[r.key] - other.truth[r.key]) > max(r.relative * abs(one.truth[r.key]), r.absolute)
            for r in family.results
        ]
        assert any(apart), name
        assert b"nan" not in b"".join(data for file, data in one.files.items() if file.endswith(".csv"))


def test_longer_measurements_have_less_noise() -> None:
    tool, true = instrument(9), STANDARDS[4]
    exact = tool.offset + tool.gain * true / (1 + true / tool.saturation)
    short, long = (sum(abs(reading(9, 4, setting, number) - exact) for number in range(200)) for setting in (1, 100))
    assert 5 < short / long < 20


def test_the_budget_ends_and_a_killed_attempt_keeps_its_record(tmp_path: Path) -> None:
    """An instrument without a budget after a restart would make calibration free."""
    world = opened(tmp_path / "a")
    first = call(world, "measure", sample="standard-2", setting=30).text
    assert first.splitlines()[1] == "Cost 30; 10 of the budget are left."
    assert call(world, "measure", sample="standard-2", setting=11).kind == "blocked"
    assert call(world, "measure", sample="sample-1", setting=1).kind == "empty"
    call(world, "write", path="analyse.py", text="print(1)")
    assert call(world, "submit", path="analyse.py").kind == "ok"
    assert call(world, "submit", path="missing.py").kind == "empty"
    stored, final = world.checkpoint(), world.finish("done")
    world.close()
    again = opened(tmp_path / "a")
    again.restore(Checkpoint(stored.digest, stored.snapshot), [])
    assert again.finish("done") == final
    assert again.script() == b"print(1)"
    assert call(again, "measure", sample="standard-2", setting=10).text != first
    again.close()


def test_links_and_hostile_results_are_reasons_of_a_run(tmp_path: Path) -> None:
    """A result file that points to the host, or an endless number, must not stop a night."""
    world = opened(tmp_path / "a")
    call(world, "bash", command="ln -s /etc/passwd out.py")
    assert call(world, "submit", path="out.py").kind in {"blocked", "empty"}
    goal = json.dumps({"instrument": 5, "studies": STUDIES, "image": "python", "seeds": [7]})
    hidden = Hidden(task_id="t", goal=goal, oracle=None, run_id="r")
    cases = {
        "raise SystemExit(3)": "script_failed",
        "pass": "no_results",
        "import os; os.symlink('/etc/passwd', 'results.json')": "no_results",
        "open('results.json', 'w').write('[' * 100000)": "no_results",
        "open('results.json', 'w').write('[1]')": "no_results",
    }
    for at, (text, reason) in enumerate(cases.items()):
        call(world, "write", path="a.py", text=text)
        call(world, "submit", path="a.py")
        runs = examine(world, hidden, Resources(), tmp_path / f"examined-{at}")["runs"]
        assert [run["reason"] for run in runs] == [reason], text  # type: ignore[attr-defined]
    odd = '{"abc12": {"bound": NaN, "plain": 1e400, "motif_share": 0.25, "x": "1"}, "y": 3}'
    call(world, "write", path="a.py", text=f"open('results.json', 'w').write({odd!r})")
    call(world, "submit", path="a.py")
    found = examine(world, hidden, Resources(), tmp_path / "odd")["runs"]
    assert found == [{"reason": "ok", "found": {"abc12": {"motif_share": 0.25}}}]
    world.close()


def test_the_sandbox_holds_neither_planted_values_nor_the_generator(tmp_path: Path) -> None:
    world = opened(tmp_path / "a")
    shown = call(world, "bash", command="ls -AR; python -c 'import flows' 2>&1 | tail -n 1; env").text
    assert "No module named 'flows'" in shown
    files = {one for one in shown.split() if one.endswith((".csv", ".npy", ".json", ".py"))}
    assert files == {"STANDARDS.csv", "reads.csv"}
    world.close()


def test_data_of_another_version_say_so(tmp_path: Path) -> None:
    with pytest.raises(DataDiffer, match="compose its night again"):
        LABORATORY.open(setup_of(sha256="0" * 64), Resources(), tmp_path)


def test_no_tool_can_reach_the_examination() -> None:
    """The world's modules import neither the examination, nor the composer, nor the hidden record."""
    assert_no_hidden_module("flows.domains.scientific_agentic", "world.environment", "families.project")
