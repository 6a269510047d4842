"""Studies over crawled pages: true by a reading of its own, resting on every page, and refused on thin corpora."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.domains.attempt import Player
from flows.domains.contract import Writer
from flows.domains.science import DOMAIN
from flows.domains.science.world.environment import opened, tools
from flows.domains.science.world.pages_room import SETUP
from flows.environments.environment import Checkpoint
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.briefs import needs_library
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from flows.tasks.composers import needs_pages, quotas, shares_of
from schemas import Document, Hidden, Refusal, Task
from sources.index.library import Library, Page
from tests.doubles.sites.surveyed_wiki import surveyed, write_surveyed_wiki
from tests.flows.domains.science.page_checker import PageChecker
from tests.flows.domains.science.studies import SMALL_IMAGE, need_sandbox
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY, OTHER = date(2026, 1, 2), "https://other.example/"
TABLE = "of that table"
"""In the sentence of a part over a table."""
CHECKED = int(os.environ.get("CHECKED_TASKS", "30"))


@contextmanager
def no_teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    raise AssertionError("studies need no teacher")
    yield


def compose(home: Path, per_night: int, workers: int | None = None, **tasks: Any) -> dict[str, int | str]:
    chosen = Tasks(**({"per_night": per_night, "composers": ["page_study"], "probes": []} | tasks))
    return run_tasks(Settings(home=home, tasks=chosen), DAY, silent, no_teacher, workers)


def studies(home: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each task with its goal."""
    goals = {row["task_id"]: json.loads(row["goal"]) for row in rows(home, Hidden)}
    return [(task, goals[task["task_id"]]) for task in rows(home, Task)]


def write_pages(home: Path) -> None:
    """The pages of two sites."""
    write_surveyed_wiki(Lake(home / "lake"), DAY, 260)
    write_surveyed_wiki(Lake(home / "lake"), DAY, 130, seed=2, host=OTHER)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("night")
    write_pages(home)
    assert compose(home, CHECKED)["composed"] == CHECKED
    return home


@pytest.mark.slow
def test_every_step_is_true_by_a_reading_of_its_own(night: Path) -> None:
    """One wrong truth in a study teaches the student that right work fails."""
    checker, found = PageChecker(night / "lake"), studies(night)
    assert [
        task["instruction"] for task, goal in found if not checker.agrees(task["instruction"], json.dumps(goal))
    ] == []
    for task, goal in found:
        counting = checker.solve(task["instruction"]).urls
        assert counting <= {hop["url"] for hop in task["path"]}
        assert len(counting) >= 6 and 4 <= len(goal["steps"]) <= 10


def test_studies_vary_and_carry_pages_licenses_and_units(night: Path) -> None:
    """A composer of one procedure makes a thousand twins; a task without its licences cannot be released."""
    found = studies(night)
    given = [json.loads(task["difficulty"]) for task, _ in found]
    assert {name for one in given for name in one["procedures"]} == {
        "limit", "power", "saturation", "diversity", "decay", "fit", "nearest", "weighted",
    }  # fmt: skip
    assert len({task["instruction"] for task, _ in found}) == len(found)
    assert {one["n_parts"] for one in given} == {2, 3, 4}
    assert {goal["answer"]["unit"] for _, goal in found} >= {None, "foot", "mile", "hectare"}
    assert sum(TABLE in task["instruction"] for task, _ in found) >= 2
    assert all(task["licenses"] == ["CC-BY-SA-4.0"] and len(task["evidence"]) >= 6 for task, _ in found)
    assert all(set(task["evidence"]) == {hop["doc_id"] for hop in task["path"]} for task, _ in found)


def test_no_page_with_numbers_is_named_and_no_value_is_in_the_instruction(night: Path) -> None:
    """A study that quotes its numbers, or the pages with them, is arithmetic without any finding."""
    checker = PageChecker(night / "lake")
    for task, goal in studies(night):
        names = [url.rsplit("/", 1)[1] for url in checker.solve(task["instruction"]).urls]
        assert not [name for name in names if name in task["instruction"]]
        values = [goal["answer"]["value"], *(one["value"] for one in goal["steps"].values())]
        assert not [value for value in values if f"{value:.6g}" in task["instruction"]]


@pytest.mark.slow
def test_the_same_pages_give_the_same_studies(night: Path, tmp_path: Path) -> None:
    """A night that differs by its cores, or after a kill, cannot be made again."""
    whole = [task["task_id"] for task, _ in studies(night)]
    write_pages(tmp_path)
    compose(tmp_path, 9, workers=1)
    compose(tmp_path, 20, workers=3)
    assert [task["task_id"] for task, _ in studies(tmp_path)] == whole[:20]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_oracle_needs_every_page_and_shortcuts_fail(night: Path, tmp_path: Path) -> None:
    """A page that can be left out, or a lazy play that passes, makes the reading worthless."""
    need_sandbox()
    (index,) = (night / "state" / "library").iterdir()
    policies, process = DOMAIN.policies, Settings().refine.process_verifiers
    assert policies is not None
    task, hidden = _rows(night, next(at for at, (one, _) in enumerate(studies(night)) if TABLE in one["instruction"]))
    player = Player(DOMAIN, replace(SMALL_IMAGE, library_path=index), tmp_path / "whole")
    assert player.play(task, hidden, policies.oracle).judgements["steps_shown"].score == 1.0
    for name, policy in {"explorer": policies.explorer, **policies.shortcuts}.items():
        assert policy is not None
        assert not player.play(task, hidden, policy).solved(process), name
    every = [*surveyed(DAY, 260), *surveyed(DAY, 130, 2, OTHER)]
    for hop in (task.path[0], task.path[-1]):
        left = [Page(one.doc_id, one.url, one.title or "", one.text or "") for one in every if one.url != hop.url]
        poorer = tmp_path / f"without-{hop.doc_id}"
        Library.build(poorer, left)
        without = Player(DOMAIN, replace(SMALL_IMAGE, library_path=poorer), tmp_path / hop.doc_id)
        assert not without.play(task, hidden, policies.oracle).solved(process)


def _rows(home: Path, at: int) -> tuple[Task, Hidden]:
    task = Task.model_validate(rows(home, Task)[at])
    return task, next(Hidden.model_validate(one) for one in rows(home, Hidden) if one["task_id"] == task.task_id)


def test_thin_corpora_are_refused_with_a_counted_reason(tmp_path: Path) -> None:
    """A corpus without numbers must cost a night neither a crash nor a silence: the reason is a row of the lake."""
    assert compose(tmp_path / "empty", 2)["refused:no_pages"] == 1
    prose = tmp_path / "prose"
    texts = (one for one in surveyed(DAY, 130) if "| --- |" not in (one.text or ""))
    Lake(prose / "lake").write(Document, texts, PartName(DAY, "prose", 0))
    counts = compose(prose, 2)
    assert counts["refused"] == counts["refused:no_quantities"] and counts["short:science"] == 2
    assert {row["reason"] for row in rows(prose, Refusal)} == {"no_quantities"}


def test_half_of_the_science_of_a_night_is_over_pages_where_there_are_some() -> None:
    """A night of science alone needs no crawl, and gets studies over pages where an earlier crawl left some."""
    settings = Settings(tasks=Tasks(share={"science": 1.0}))
    (quota,) = quotas(settings)
    assert shares_of(quota, settings.tasks) == {"library_study": 0.5, "page_study": 0.5}
    assert not needs_pages(settings)


def test_the_rollout_opens_the_library_for_studies_over_pages_alone() -> None:
    """Without it each attempt would end in a fault of its first search."""
    planned = {name: pa.table({"domain": ["science"], "composer": [name]}) for name in ("library_study", "page_study")}
    assert {name: needs_library(one) for name, one in planned.items()} == {"library_study": False, "page_study": True}


def test_a_killed_attempt_keeps_its_notebook_without_reading_again(tmp_path: Path) -> None:
    """Pages that changed since must not cost an attempt its steps."""
    assert [one.name for one in tools(SETUP, "chat")] == ["search", "open", "find", "record"]
    world = opened(SETUP, Resources(), tmp_path)  # a world that cannot read: no library
    record = ToolCall("a", "record", {"part": 1, "step": "ratio", "value": 0.5})
    assert world.act(record).kind == "ok"
    again = opened(SETUP, Resources(), tmp_path)
    calls = [ToolCall("b", "open", {"url": "https://gone.example/"}), record]
    assert again.restore(Checkpoint(world.checkpoint().digest), calls) == []
    assert again.finish("1").checks == {"notebook": {"1.ratio": 0.5}}
    assert again.checkpoint() == world.checkpoint()
