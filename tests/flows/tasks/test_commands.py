"""`factory domains` and `factory tasks audit`: what there is, whether it is used, and how good its tasks are."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.domains.finding import use_folders
from flows.settings import load
from flows.tasks.compose import run_tasks
from schemas import Decision, Task, Trajectory
from tests.flows.domains.guide_domain import write_guide_domain
from tests.flows.tasks.reading import rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY, NOON = date(2026, 1, 2), datetime(2026, 1, 2, 12, tzinfo=UTC)
SETTINGS = '[tasks]\nper_night = 5\ndomain_folders = ["dials"]\n[tasks.share]\ndials = 3\nsearch = 1\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write_guide_domain(tmp_path)
    Path("factory.toml").write_text(SETTINGS)
    yield tmp_path
    use_folders([])


def output(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def compose() -> None:
    run_tasks(load(), DAY, silent, lambda *_: pytest.fail("no composer here needs a teacher"))


def attempt(task_id: str, solved: bool) -> Trajectory:
    """A finished attempt at the task; its id shows how it ended."""
    names = {name: "" for name, column in Trajectory.model_fields.items() if column.is_required()}
    counts = ("sample", "seed", "n_turns", "n_tool_calls", "n_tokens", "n_sampled_tokens", "n_observation_tokens")
    times = dict.fromkeys(("started_at", "ended_at"), NOON)
    own = {"trajectory_id": f"{task_id}-{solved}", "task_id": task_id, "status": "answered"}
    alone = dict.fromkeys(("n_segments", "parent_id", "parent_call_id"))
    return Trajectory.model_validate(names | dict.fromkeys(counts, 0) | times | own | alone)


def decision(task_id: str, solved: bool) -> Decision:
    outcome = {"keep": solved, "reason": "ok" if solved else "wrong_answer", "value": None}
    return Decision(
        trajectory_id=f"{task_id}-{solved}",
        refine_id="r",
        kept=solved,
        reasons=[],
        gates=json.dumps({"outcome": outcome}),
        cluster_id=None,
        keeper_id=None,
        similarity=None,
        decided_at=NOON,
        run_id=DAY.isoformat(),
    )


def test_domains_are_listed_with_their_parts() -> None:
    found = {one["domain"]: one for one in json.loads(output("domains", "--json"))}
    dials, search = found["dials"], found["search"]
    assert (dials["share"], search["share"]) == (0.75, 0.25)
    assert (dials["tools"], dials["verifiers"]) == (["read", "turn"], ["goal_reached"])
    assert dials["policies"] == ["oracle", "explorer", "shortcut:nothing"]
    assert {name: search["composers"][name] for name in ("cloze", "chain", "written")} == {
        "cloze": True, "chain": True, "written": False,
    }  # fmt: skip
    assert (dials["needs"], search["needs"]) == ([], ["pages (0 in the lake)"])
    assert (dials["probes"], search["probes"]) == ({}, {})
    compose()
    probes = {one["domain"]: one["probes"] for one in json.loads(output("domains", "--json"))}["dials"]
    assert (probes["oracle"], probes["blind"]) == ("5 of 5", "0 of 5")
    table = output("domains")
    assert "written (off)" in table and "shortcut:nothing" in table and "none: cannot be rehearsed" in table


def test_wrong_shares_end_the_command_with_the_known_domains() -> None:
    Path("factory.toml").write_text("[tasks.share]\nserch = 1\n")
    result = CliRunner().invoke(app, ["domains"])
    listed = result.output.rpartition("There are: ")[2].split(", ")
    assert result.exit_code == 1 and {one.strip() for one in listed} >= {"general_agentic", "search"}


def test_an_audit_counts_refusals_and_pass_rates_and_draws_tasks() -> None:
    """Half of the attempts at one task solve it, those at another never do; the others were not attempted."""
    compose()
    lake = Lake(Path("lake"))
    ids = sorted(row["task_id"] for row in rows(Path(), Task))
    fates = [(ids[0], True), (ids[0], False), (ids[1], False)]
    lake.write(Trajectory, [attempt(*fate) for fate in fates], PartName(DAY, "test", 0))
    lake.write(Decision, [decision(*fate) for fate in fates], PartName(DAY, "test", 0))
    with connect(lake) as con:
        found = con.sql("select task_id, pass_rate, status from task_quality").fetchall()
    assert {row[0]: row[1:] for row in found} == {
        ids[0]: (0.5, "sometimes_solved"),
        ids[1]: (0.0, "never_solved"),
        **dict.fromkeys(ids[2:], (None, "not_attempted")),
    }
    shown = output("tasks", "audit", "-n", "2")
    assert "sometimes solved" in shown and shown.count("instruction") == 2
    assert '{"dials": [' in shown
