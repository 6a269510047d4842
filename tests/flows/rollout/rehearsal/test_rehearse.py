"""A rehearsal plays a domain's policies through the real rollout, measures them, and leaves nothing to train on."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.domains import domain
from flows.domains.finding import use_folders
from flows.publish.errors import PublishError
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.rollout.rehearsal.rehearse import rehearsal_tasks
from flows.settings import Refine, Settings, Tasks
from flows.tasks.composers import quotas, shares_of
from schemas import Trajectory
from tests.flows.domains.guide_domain import write_guide_domain
from tests.flows.tasks.reading import rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 1)
POLICIES = {"oracle": "oracle", "explorer": "explorer", "shortcut:nothing": "shortcut-nothing"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write_guide_domain(tmp_path)
    Path("factory.toml").write_text('[tasks]\ndomain_folders = ["dials"]\n[tasks.share]\ndials = 1\n')
    yield tmp_path
    use_folders([])


def rehearse(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rehearse", *arguments])
    return result.exit_code, result.output


@pytest.mark.slow
def test_the_figures_are_those_of_the_rows_and_no_row_reaches_a_release(home: Path) -> None:
    """Each policy has its own lake and engine; copied into the home's lake, gate and publish refuse its rows."""
    code, printed = rehearse("dials", "-n", "4", "--json")
    found = {one["engine"]: one for one in json.loads(printed[printed.index("[") :])}
    assert (code, found.keys()) == (0, POLICIES.keys())
    assert [found[engine]["solved"] for engine in POLICIES] == [1.0, 1.0, 0.0]
    for engine, folder in POLICIES.items():
        made = rows(Path("state/rehearsal/dials") / folder, Trajectory)
        assert {row["engine"] for row in made} == {engine} and len(made) == found[engine]["attempts"] == 4
        assert sum(row["n_tokens"] for row in made) / 4 == found[engine]["tokens_mean"]
    assert found["explorer"]["calls"] == 2 * found["oracle"]["calls"]
    assert not rows(home, Trajectory)

    shutil.copytree(Path("state/rehearsal/dials/oracle/lake"), Path("lake"))
    run_refine(Settings(home=home), DAY, silent)
    with connect(Lake(Path("lake"))) as con:
        assert con.sql("select distinct list_contains(reasons, 'rehearsal:rehearsal') from decisions").fetchall() == [
            (True,)
        ]
    gates = ["rehearsal", "min_calls", "secrets", "structure", "near_duplicate", "exact_duplicate", "answer", "status"]
    careless = Settings(home=home, refine=Refine(advisory_gates=gates))
    run_refine(careless, DAY, silent)
    with pytest.raises(PublishError, match=r"\d of oracle among the kept trajectories"):
        run_publish(careless, DAY, silent)


@pytest.mark.slow
def test_a_broken_oracle_and_a_shortcut_that_works_end_the_command_with_their_names(home: Path) -> None:
    """Probes would refuse such tasks, so they are off here."""
    policies = home / "dials" / "policies.py"
    text = policies.read_text().replace('goal["dials"])', 'goal["dials"][1:])')
    policies.write_text(text.replace('"nothing": nothing', '"reads": explorer'))
    Path("factory.toml").write_text('[tasks]\nprobes = []\ndomain_folders = ["dials"]\n')
    code, printed = rehearse("dials", "-n", "2")
    assert code == 1 and "dials oracle 0%, dials shortcut:reads 100%" in " ".join(printed.split())


def test_a_rehearsal_composes_as_a_night_does() -> None:
    """With a ninth of short blanks in place of a twentieth, search would look shorter than its nights are."""
    search = domain("search")
    (quota,) = quotas(Settings(tasks=rehearsal_tasks(Tasks(), search, 4)))
    assert shares_of(quota, Tasks())["cloze"] == 0.05
    (quota,) = quotas(Settings(tasks=rehearsal_tasks(Tasks(composers=["chain"]), search, 4)))
    assert [one.name for one in quota.composers] == ["chain"]


def test_a_domain_without_policies_is_refused_with_the_way_to_give_it_some() -> None:
    code, printed = rehearse("mcp_server")
    assert code == 1 and "has no policies" in printed
    code, printed = rehearse("serch")
    assert code == 1 and "there are: dials, " in printed
