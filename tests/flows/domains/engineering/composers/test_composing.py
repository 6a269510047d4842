"""Tasks of a small repository, made in the real sandbox: each is solvable, none is masked, and half of it is hidden."""

import ast
import json
import re
from datetime import date
from pathlib import Path

import pytest

from flows.domains.contract import Draft, Refused
from flows.domains.engineering.bugs.candidates import OPERATORS
from flows.domains.engineering.composers import combined, mutants, removed
from flows.domains.engineering.composers import reversed as reversed_commits
from flows.domains.engineering.composers.draws import Draw, Workshop
from flows.domains.engineering.composers.rewording import PROMPT
from flows.domains.engineering.measure.laboratory import Laboratory
from flows.environments.resources import Resources
from flows.environments.sandbox import Sandbox
from flows.settings import Settings, Tasks
from flows.settings.environments import Environments, Repository
from flows.tasks.compose import run_tasks
from schemas.task import Hidden, Refusal, Task
from tests.flows.domains.engineering.composers.library import FILES, repository
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("engineering_library")]
COMPOSERS = {"mutants": mutants, "removed": removed, "combined": combined, "reversed": reversed_commits}


@pytest.fixture(scope="module")
def workshop(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(Resources(sources_path=tmp_path_factory.mktemp("sources")), "night")


@pytest.fixture(scope="module")
def drafts(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Draft]:
    """The first task of each composer."""
    source = repository(tmp_path_factory.mktemp("library"))
    return {name: first(composer, source, workshop) for name, composer in COMPOSERS.items()}


def first(composer: object, source: object, workshop: Workshop) -> Draft:
    refused = []
    for place in range(12):
        try:
            return composer.compose(Draw(place + 1, 40 + place, source, place, workshop), None)  # type: ignore
        except Refused as refusal:
            refused.append(str(refusal))
    raise AssertionError(refused)


@pytest.mark.parametrize("name", COMPOSERS)
def test_a_task_hides_half_and_names_neither_tests_nor_files(drafts: dict[str, Draft], name: str) -> None:
    """A name of a test in the instruction leads straight to the fault; without hidden tests, special cases pass."""
    draft = drafts[name]
    goal, setup = json.loads(draft.goal or ""), json.loads(draft.setup)
    seen = "".join(text for path, text in setup["files"].items() if path.startswith("tests/"))
    functions = {one.partition("[")[0].rpartition("::")[2] for one in goal["fail_to_pass"]}
    hidden = {one for one in functions if f"def {one}(" not in seen}
    assert hidden and hidden != functions
    assert not re.search(r"test_|\.py\b", draft.instruction)
    assert all(goal["tests"][path] == FILES[path] for path in goal["tests"])
    assert draft.licenses == ["MIT"]
    for text in setup["files"].values():
        ast.parse(text)


@pytest.mark.parametrize("name", COMPOSERS)
def test_the_goal_is_the_unchanged_source(drafts: dict[str, Draft], workshop: Workshop, name: str) -> None:
    """A task whose original source does not pass could never be solved."""
    draft = drafts[name]
    goal, oracle, setup = json.loads(draft.goal or ""), json.loads(draft.oracle or ""), json.loads(draft.setup)
    assert oracle["files"] == {path: FILES[path] for path in oracle["files"]}
    assert all(setup["files"][path] != text for path, text in oracle["files"].items())
    laboratory = next(iter(workshop._laboratories.values()))
    assert laboratory.baseline.green == {*goal["fail_to_pass"], *goal["pass_to_pass"]}


def test_no_bug_is_masked(drafts: dict[str, Draft], workshop: Workshop) -> None:
    """With only one bug left, some of the tests must still fail: else it could stay in a solved task."""
    laboratory = next(iter(workshop._laboratories.values()))
    assert isinstance(laboratory, Laboratory)
    draft = drafts["mutants"]
    known = {one.id: one for one in workshop.bugs(laboratory.source, OPERATORS, "mutants")}
    for name in draft.difficulty["bugs"]:  # type: ignore[attr-defined]
        alone = laboratory.run([known[name]], laboratory.baseline.green)
        assert len(alone.broken & set(json.loads(draft.goal or "")["fail_to_pass"])) >= 2


def test_the_same_draw_gives_the_same_task(drafts: dict[str, Draft], workshop: Workshop) -> None:
    """A night that runs again must add tasks, and not make other ones of the same numbers."""
    draft, (laboratory, *_) = drafts["mutants"], workshop._laboratories.values()
    number = int(str(draft.difficulty["number"]))
    fresh = Workshop(workshop.resources, "night")
    again = mutants.compose(Draw(number, 39 + number, laboratory.source, number - 1, fresh), lambda *_: "")
    assert again == draft


def test_the_teacher_words_the_instruction(drafts: dict[str, Draft], workshop: Workshop) -> None:
    """With `tasks.reworded` only the words change: a task with another goal would not be the one that was proven."""
    draft, (laboratory, *_) = drafts["mutants"], workshop._laboratories.values()
    number = int(str(draft.difficulty["number"]))
    drawn = Draw(number, 39 + number, laboratory.source, number - 1, workshop, reworded_share=1.0)

    made = mutants.compose(drawn, lambda system, text: re.sub(r"\n   .*", "", text).replace("source", "whole source"))

    assert made.prompt == PROMPT and made.difficulty["wording"] == "ok"
    assert made.instruction == draft.instruction.replace("source", "whole source", 1)
    assert (made.setup, made.goal, draft.prompt) == (draft.setup, draft.goal, None)


def test_neighbours_share_no_bug(drafts: dict[str, Draft], workshop: Workshop) -> None:
    """A thousand combinations of the same few bugs are twins."""
    (laboratory, *_) = workshop._laboratories.values()
    stretches = [
        {one.id for one in Draw(n + 1, 1, laboratory.source, n, workshop).bugs(OPERATORS, "mutants")} for n in range(3)
    ]
    assert len(set.union(*stretches)) == sum(map(len, stretches))


def test_a_night_has_the_same_tasks_on_any_number_of_threads(sandbox: Sandbox, tmp_path: Path) -> None:
    """The lake of a small machine could not be made again on a larger one."""
    tree = dict(repository(tmp_path).tree)
    given = {"name": "shapes", "path": tree["path"], "commit": tree["commit"], "license": "MIT"}
    nights = []
    for workers in (0, 3):
        home = tmp_path / str(workers)
        settings = Settings(
            home=home,
            tasks=Tasks(per_night=3, share={"engineering": 1.0}, probes=[]),
            environments=Environments(packages=[], repositories=[Repository.model_validate(given)]),
        )
        counts = run_tasks(settings, date(2026, 1, 2), silent, lambda *_: pytest.fail("no teacher"), workers)
        nights.append((counts, rows(home, Task), rows(home, Hidden), rows(home, Refusal)))
    assert nights[0] == nights[1] and nights[0][0]["composed"]
