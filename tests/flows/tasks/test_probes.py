"""Probes: a task that cannot be solved, that a shortcut solves, or that shows its truth never reaches the lake."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.domains.contract import Writer
from flows.domains.finding import use_folders
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from flows.tasks.probes.canary import leak
from schemas import Hidden, Refusal, Task
from tests.flows.domains.guide_domain import write_guide_domain
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent

DAY = date(2026, 1, 2)


@pytest.fixture(autouse=True)
def no_folders_left() -> Iterator[None]:
    yield
    use_folders([])


def says(reply: Callable[[str], str]) -> Callable[[TeacherSettings, Path], AbstractContextManager[Writer]]:
    @contextmanager
    def open_writer(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
        yield lambda system, text: reply(system)

    return open_writer


def compose(home: Path, reply: Callable[[str], str] = str, **tasks: Any) -> dict[str, int | str]:
    chosen = Settings(home=home, tasks=Tasks(**({"share": {"dials": 1}, "per_night": 1} | tasks)))
    return run_tasks(chosen, DAY, silent, says(reply))


def probes(home: Path) -> list[dict[str, str]]:
    return [json.loads(row["difficulty"])["probes"] for row in rows(home, Task)]


def test_the_results_stand_in_the_difficulty_of_the_task(tmp_path: Path) -> None:
    """No teacher tried it, so `blind` is not passed."""
    use_folders([write_guide_domain(tmp_path)])
    compose(tmp_path)
    passed = dict.fromkeys(("oracle", "shortcuts", "digest", "canary"), "passed")
    assert probes(tmp_path) == [passed | {"blind": "not_probed"}]


@pytest.mark.parametrize(
    ("file", "sound", "faulty", "reason"),
    [
        ("policies", 'goal["dials"])', 'goal["dials"][1:])', "probe_oracle"),
        ("policies", '"nothing": nothing', '"nothing": nothing, "guess": explorer', "probe_shortcut_guess"),
        ("policies", "    yield from ()", "    raise KeyError('gone')", "probe_fault_shortcut_nothing"),
        ("environment", "[0] * len", "[random.randrange(10**9)] * len", "probe_digest"),
        ("composer", "setup=setup,", 'setup=setup[:-1] + f\', "truth": {numbers}\' + "}",', "probe_canary_goal"),
        ("composer", "answer=None", 'answer="dials to the number"', "probe_canary_answer"),
    ],
)
def test_a_planted_fault_is_refused_with_its_reason(
    tmp_path: Path, file: str, sound: str, faulty: str, reason: str
) -> None:
    folder = write_guide_domain(tmp_path)
    path = folder / f"{file}.py"
    assert sound in path.read_text()
    path.write_text(path.read_text().replace(sound, faulty))
    use_folders([folder])
    counts = compose(tmp_path)
    assert counts["composed"] == 0 and counts[f"refused:{reason}"]
    stored = {(row["domain"], row["composer"], row["reason"]): row["n"] for row in rows(tmp_path, Refusal)}
    assert stored["dials", "panels", reason] == counts[f"refused:{reason}"]


@pytest.mark.parametrize(("proof", "composed"), [("oracle", 1), ("nothing", 0)])
def test_a_domain_with_a_proof_is_probed_by_it(tmp_path: Path, proof: str, composed: int) -> None:
    """An oracle that fits nine models for each task that is composed keeps a night from its attempts."""
    folder = write_guide_domain(tmp_path)
    policies = (folder / "policies.py").read_text()
    planted = f'Policies(None, explorer, {{"nothing": nothing}}, proof={proof})'
    (folder / "policies.py").write_text(policies.replace('Policies(oracle, explorer, {"nothing": nothing})', planted))
    use_folders([folder])
    assert compose(tmp_path)["composed"] == composed


def test_a_composer_gets_the_tasks_that_passed_and_no_other(tmp_path: Path) -> None:
    """A night that goes on after a kill knows tasks only: memory of refused drafts would make it another night."""
    folder = write_guide_domain(tmp_path)
    for file, sound, planted in (
        (
            "policies",
            "    for dial, number",
            "    if len(goal['dials']) == 4:\n        return 'Done.'\n    for dial, number",
        ),
        ("composer", 'seeded("panels"), compose)', 'seeded("panels"), compose, accepted=accepted)'),
        ("composer", "PANELS = ", f"{ACCEPTED}\nPANELS = "),
    ):
        path = folder / f"{file}.py"
        assert sound in path.read_text()
        path.write_text(path.read_text().replace(sound, planted))
    use_folders([folder])
    counts = compose(tmp_path, per_night=6)
    assert counts["composed"] == 6 and counts["refused:probe_oracle"]
    made = {row["task_id"]: json.loads(row["difficulty"])["number"] for row in rows(tmp_path, Task)}
    accepted = [line.split() for line in Path(tmp_path, "dials", "accepted").read_text().splitlines()]
    assert {name: int(number) for number, name in accepted} == made and len(accepted) == len(made)


ACCEPTED = """
def accepted(seed, task):
    from pathlib import Path
    with Path(__file__).with_name("accepted").open("a") as file:
        print(seed.number, task.task_id, file=file)

"""


def test_a_probe_that_is_switched_off_or_not_drawn_is_not_passed(tmp_path: Path) -> None:
    use_folders([write_guide_domain(tmp_path)])
    compose(tmp_path / "off", probes=["canary"])
    compose(tmp_path / "share", probe_share=0.0)
    assert [one["oracle"] for home in ("off", "share") for one in probes(tmp_path / home)] == ["not_probed"] * 2
    assert [one["canary"] for home in ("off", "share") for one in probes(tmp_path / home)] == ["passed", "not_probed"]


def test_a_teacher_without_tools_must_fail_each_time(tmp_path: Path) -> None:
    """It gets four tries; one that fails to reply proves nothing, and gets no request for the other tasks."""
    use_folders([write_guide_domain(tmp_path)])
    asked: list[str] = []

    def wrong(system: str) -> str:
        asked.append(system)
        return "Done."

    compose(tmp_path / "fails", wrong, probes=["blind"])
    assert len(set(asked)) == 4 and probes(tmp_path / "fails")[0]["blind"] == "passed"

    def absent(system: str) -> str:
        asked.append(system)
        raise ConnectionError("no teacher")

    asked.clear()
    compose(tmp_path / "absent", absent, probes=["blind"], per_night=3)
    assert [one["blind"] for one in probes(tmp_path / "absent")] == ["not_probed"] * 3
    assert len(asked) == 1


def test_a_task_that_the_teacher_solves_without_tools_is_refused(tmp_path: Path) -> None:
    folder = write_guide_domain(tmp_path)
    verifiers = (folder / "verifiers.py").read_text()
    (folder / "verifiers.py").write_text(verifiers.replace("share == 1", 'attempt.trajectory.answer == "7"'))
    use_folders([folder])
    counts = compose(tmp_path, lambda system: "7" if "3" in system else "8", probes=["blind"])
    assert counts["composed"] == 0 and counts["refused:probe_blind"]


def task(instruction: str, answer: str | None = None, setup: object = None) -> Task:
    blank: dict[str, Any] = dict.fromkeys(Task.model_fields)
    given = {"instruction": instruction, "answer": answer, "setup": json.dumps(setup or {})}
    return Task.model_construct(**blank | given)


def truth(goal: object = None, oracle: object = None) -> Hidden:
    return Hidden(task_id="t", goal=goal and json.dumps(goal), oracle=oracle and json.dumps(oracle), run_id="r")


GOAL = {"tickets": [{"id": 7, "state": "closed"}, {"id": 8, "state": "open"}], "mail": [1, 2, 3, 4]}
CALLS = {"calls": [{"name": "close", "id": 7}, {"name": "send", "id": 9}]}


@pytest.mark.parametrize(
    ("shown", "hidden", "found"),
    [
        (task("Close what is done.", setup={"seed": 5, "mail": GOAL["mail"]}), truth(GOAL, CALLS), None),
        (task("Move ticket 7 to closed, then write 1 mail.", setup={"seed": 5}), truth(GOAL), None),
        (task("Close it.", setup={"deep": [{"world": {"then": GOAL}}]}), truth(GOAL), "goal"),
        (task("Close it.", setup={"text": f"state: {json.dumps(GOAL)} end"}), truth(GOAL), "goal"),
        (task(f"Make it {json.dumps(GOAL)}"), truth(GOAL), "goal"),
        (task("Close it.", setup={"plan": CALLS["calls"]}), truth(GOAL, CALLS), "oracle"),
        (task("Close it.", setup={"check": "ab" * 16}), truth({"digest": "ab" * 16}), "digest"),
        (task("Is Lake Como in it?", "lake como"), None, "answer"),
        (task("Which of the 12 is it?", "12"), None, None),
    ],
)
def test_the_canary_finds_whole_truths_and_no_shared_values(shown: Task, hidden: Hidden | None, found: str) -> None:
    assert leak(shown, hidden) == found
