"""The gate on secrets and personal data: the agent's text, its answer, and text that was not redacted."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.refine.decide import run_refine
from flows.settings import Settings, SettingsError
from schemas import Trajectory, Turn
from sources.privacy.redaction import detector_version
from tests.doubles.lakes.planted import KINDS, PLACES, planted
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
SECRETS, A_ROW = 1000, 10


def refined(home: Path, made: SmallLake, **refine: object) -> dict[str, dict[str, Any]]:
    """Refine a lake of these records; returns trajectory_id -> the gate's answer."""
    found = Settings(home=home, refine=refine)
    write_records(Lake(found.lake), DAY, made)
    run_refine(found, DAY, silent)
    with connect(Lake(found.lake)) as con:
        rows = con.execute("select trajectory_id, gates from decisions").fetchall()
    return {trajectory: json.loads(gates)["secrets"] for trajectory, gates in rows}


def changed(made: SmallLake, turn: Turn, **columns: object) -> None:
    made.turns[made.turns.index(turn)] = turn.model_copy(update=columns)


def turns_of(made: SmallLake, attempt: Trajectory, role: str) -> list[Turn]:
    return [turn for turn in made.turns if turn.trajectory_id == attempt.trajectory_id and turn.role == role]


@pytest.mark.slow
def test_a_thousand_planted_secrets_are_all_refused(tmp_path: Path) -> None:
    """A secret that passes is published for good, in a data set that many people copy."""
    made = make_small_lake(DAY, n_tasks=SECRETS // A_ROW + 10, samples=1, n_calls=A_ROW - 1, words=3)
    supply, clean = planted(SECRETS, seed=5), {attempt.trajectory_id for attempt in made.trajectories[-10:]}
    for place, turn in enumerate(made.turns):
        if turn.role == "assistant" and turn.trajectory_id not in clean:
            column = ("content", "reasoning")[place % 2]
            made.turns[place] = turn.model_copy(update={column: f"I found this.\n{next(supply).text}"})
    assert next(supply, None) is None
    answers = refined(tmp_path, made)
    assert sum(min(A_ROW, one["value"]) for one in answers.values()) >= SECRETS * 0.99
    assert {attempt for attempt, one in answers.items() if one["keep"]} == clean
    assert len(KINDS) >= 20


@pytest.mark.slow
def test_secrets_at_the_start_of_a_line_in_a_calls_argument_are_refused(tmp_path: Path) -> None:
    """Agents write keys into files line by line, and a call's JSON puts the letter of `\\n` before each."""
    made = make_small_lake(DAY, n_tasks=2 * len(KINDS), samples=1, n_calls=1, words=3)
    for attempt, one in zip(made.trajectories, planted(2 * len(KINDS), seed=8), strict=True):
        line = one.text if one.kind in PLACES else one.secret
        calls = [{"id": "c0", "name": "bash", "arguments": {"command": f"cat > keys <<EOF\n{line}\nEOF"}}]
        changed(made, turns_of(made, attempt, "assistant")[0], tool_calls=json.dumps(calls))
    assert [attempt for attempt, one in refined(tmp_path, made).items() if one["keep"]] == []


@pytest.mark.slow
def test_the_most_frequent_kind_is_the_reason_and_a_kind_can_be_allowed(tmp_path: Path) -> None:
    """A team that publishes mail archives can allow addresses without switching off the other kinds."""
    made = make_small_lake(DAY, n_tasks=3, samples=1)
    texts = {one.kind: one.text for one in planted(2 * len(KINDS), seed=6)}
    for attempt, kinds in zip(made.trajectories, (["email"], ["email", "github_token"], []), strict=True):
        changed(made, turns_of(made, attempt, "assistant")[0], content=" ".join(texts[kind] for kind in kinds))
    answers = list(refined(tmp_path / "strict", made).values())
    assert Counter(one["reason"] for one in answers) == {"email": 2, "ok": 1}
    passing = list(refined(tmp_path / "open", made, allowed_sensitive_data=["email"]).values())
    assert Counter(one["reason"] for one in passing) == {"ok": 2, "github_token": 1}
    assert sorted(one["value"] for one in passing) == [0, 1, 2]


@pytest.mark.slow
def test_observations_answers_and_tasks_count_and_redacted_text_is_not_scanned_again(tmp_path: Path) -> None:
    """Rows from before redaction, or from another factory, have never been scanned."""
    made = make_small_lake(DAY, n_tasks=4, samples=1)
    key = next(one.text for one in planted(30, seed=7) if one.kind == "gitlab_token")
    first, second, third, fourth = made.trajectories
    changed(made, turns_of(made, first, "tool")[0], observation=key)
    changed(made, turns_of(made, second, "tool")[0], observation=key, redacted="{}", detector=detector_version())
    made.trajectories[2] = third.model_copy(update={"answer": key})
    task = next(task for task in made.tasks if task.task_id == fourth.task_id)
    made.tasks[made.tasks.index(task)] = task.model_copy(update={"instruction": key})
    answers = refined(tmp_path, made)
    assert {attempt: one["reason"] for attempt, one in answers.items()} == {
        first.trajectory_id: "gitlab_token",
        second.trajectory_id: "ok",
        third.trajectory_id: "gitlab_token",
        fourth.trajectory_id: "gitlab_token",
    }


@pytest.mark.slow
def test_tools_and_setup_are_scanned_too(tmp_path: Path) -> None:
    """A key in a tool's description or in a task's files is published with every attempt that uses it."""
    made = make_small_lake(DAY, n_tasks=3, samples=2)
    key = next(one.text for one in planted(30, seed=7) if one.kind == "gitlab_token")
    tools = json.dumps([{"type": "function", "function": {"name": "search", "description": f"send {key}"}}])
    first, *_, last = made.tasks
    made.trajectories[:] = [
        row.model_copy(update={"tools": tools}) if row.task_id == first.task_id else row for row in made.trajectories
    ]
    made.tasks[-1] = last.model_copy(update={"setup": json.dumps({"files": {".env": f"REGION=eu\n{key}"}})})
    answers = refined(tmp_path, made)
    assert {row.task_id for row in made.trajectories if not answers[row.trajectory_id]["keep"]} == {
        first.task_id,
        last.task_id,
    }
    assert Counter((one["reason"], one["value"]) for one in answers.values()) == {("gitlab_token", 1): 4, ("ok", 0): 2}


def test_the_address_of_an_evidence_page_is_scanned_too(tmp_path: Path) -> None:
    """A row names the pages of its evidence: a password in an address is published with every attempt at the task."""
    made = make_small_lake(DAY, n_tasks=3, samples=2)
    task, *_ = made.tasks
    page = next(hop for hop in task.path if hop.doc_id in task.evidence)
    secret = page.model_copy(update={"url": page.url.replace("://", "://reader:" + "q7Zt-" + "w91kXp@")})
    made.tasks[0] = task.model_copy(update={"path": [secret if hop is page else hop for hop in task.path]})
    answers = refined(tmp_path, made)
    assert {row.task_id for row in made.trajectories if not answers[row.trajectory_id]["keep"]} == {task.task_id}
    assert Counter(one["reason"] for one in answers.values()) == {"url_password": 2, "ok": 4}


@pytest.mark.slow
def test_text_scanned_at_capture_is_not_scanned_again_by_the_same_detector(tmp_path: Path) -> None:
    """Scanning all text again makes refine slow; trusting an older detector publishes the secrets that it missed."""
    made = make_small_lake(DAY, n_tasks=5, samples=1)
    key = next(one.text for one in planted(30, seed=7) if one.kind == "gitlab_token")
    now = detector_version()
    cases: list[dict[str, str | None]] = [
        {"content": key, "detector": now},
        {"content": key, "detector": "an older one"},
        {"content": "nothing", "detector": now, "secrets": '{"gitlab_token": 1}'},
        {"content": "nothing", "detector": "an older one", "secrets": '{"gitlab_token": 1}'},
        {"observation": key, "detector": "an older one", "redacted": "{}"},
    ]
    for attempt, columns in zip(made.trajectories, cases, strict=True):
        changed(made, turns_of(made, attempt, "tool" if "observation" in columns else "assistant")[0], **columns)
    reasons = [refined(tmp_path, made)[attempt.trajectory_id]["reason"] for attempt in made.trajectories]
    assert reasons == ["ok", "gitlab_token", "gitlab_token", "ok", "gitlab_token"]


@pytest.mark.slow
def test_a_part_from_before_redaction_is_still_refined(tmp_path: Path) -> None:
    """A part that lacks the newer columns stays readable after an upgrade."""
    made = make_small_lake(DAY, n_tasks=2, samples=1)
    write_records(Lake(tmp_path / "lake"), DAY, made)
    [part] = Lake(tmp_path / "lake").parts(Turn)
    pq.write_table(pq.read_table(part, partitioning=None).drop_columns(["redacted", "detector", "secrets"]), part)
    run_refine(Settings(home=tmp_path), DAY, silent)
    with connect(Lake(tmp_path / "lake")) as con:
        assert con.execute("select count(*) from decisions").fetchall() == [(2,)]


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    """A misspelt kind would refuse every row that the setting is meant to allow."""
    with pytest.raises(SettingsError, match=r"refine\.allowed_sensitive_data = \['e-mail'\].*email"):
        refined(tmp_path, make_small_lake(DAY, n_tasks=1), allowed_sensitive_data=["e-mail"])
