"""A domain in a folder of its own passes through composing, tools, rollout and verdicts; no source file changes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import flows.domains
from flows.domains import composers, domain, domains
from flows.domains.contract import Writer
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.run import Factories, run_rollout
from flows.rollout.tools.toolbox import open_toolbox
from flows.settings import Rollout, Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from schemas import Record, Task, Trajectory, Verdict
from sources.index.library import Library, Page
from tests.doubles.sites import small_wiki
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.doubles.worlds import call_all
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@pytest.fixture(autouse=True)
def extra_domains() -> Iterator[None]:
    """Adds the folder `extra` to the search path of the domains."""
    flows.domains.__path__.append(str(Path(__file__).with_name("extra")))
    yield
    flows.domains.__path__.pop()
    sys.modules.pop("flows.domains.letters", None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    small_wiki.write_small_wiki(Lake(tmp_path / "lake"), DAY)
    return tmp_path


def settings(home: Path, *names: str, per_night: int = 12) -> Settings:
    tasks = Tasks(composers=list(names), per_night=per_night, min_page_chars=300, samples=1)
    return Settings(home=home, tasks=tasks, rollout=Rollout(tool_workers=0))


@contextmanager
def no_teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    raise AssertionError("neither composer needs a teacher")
    yield


def compose(chosen: Settings) -> dict[str, int | str]:
    return run_tasks(chosen, DAY, silent, no_teacher)


def rows(home: Path, model: type[Record]) -> list[dict[str, Any]]:
    parts = Lake(home / "lake").parts(model)
    return [row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]


def test_a_domain_is_found_by_its_folder() -> None:
    assert {"letters", "search"} <= set(domains())
    assert composers()["letters"][0] is domain("letters")


async def test_its_tools_are_called_through_the_toolbox(tmp_path: Path) -> None:
    Library.build(tmp_path / "index", [Page("d", "http://wiki.test/a", "A", "Some words about a place.")])
    calls = [
        ToolCall("c1", "count", {"letter": "e", "text": "Sheep"}),
        ToolCall("c2", "spell", {"text": "ab"}),
        ToolCall("c3", "spell", {"words": "ab"}),
        ToolCall("c4", "search", {"query": "place"}),
    ]
    with open_toolbox(Resources(tmp_path / "index"), Rollout(tool_workers=0), tmp_path) as toolbox:
        specs = toolbox.specs("letters", ["count", "spell"])
        found = await call_all(toolbox, "letters", calls, ["count", "spell"])
    assert [spec.name for spec in specs] == ["count", "spell"]
    assert [(one.kind, one.text) for one in found[:2]] == [("ok", "2"), ("ok", "a-b")]
    assert [one.kind for one in found[2:]] == ["blocked", "blocked"]
    assert found[3].text == "There is no tool 'search'. The tools are: count, spell."


def test_its_tasks_are_composed_rolled_out_and_judged(home: Path) -> None:
    chosen = settings(home, "letters", per_night=6)
    counts = compose(chosen)
    assert counts["composed"] == counts["letters"] == 6
    assert counts["candidates"] == 6 + int(counts["refused:no_such_letter"])

    def script(prompt: str, seed: int) -> str:
        title = prompt.rsplit("occur in '", 1)[1].split("'?", 1)[0]
        if not spoken(prompt):
            return call("count", letter="e", text=title)
        return prompt.rsplit("<|im_start|>tool\n", 1)[1].split("<", 1)[0]

    run_rollout(chosen, DAY, silent, Factories(opening(ScriptedTeacher(script)), open_tiny_dialect))
    assert {row["status"] for row in rows(home, Trajectory)} == {"answered"}
    assert {row["system"] for row in rows(home, Trajectory)} == {domain("letters").chat_prompt.text.strip()}
    verdicts = {(row["verifier"], row["version"], row["passed"], row["reason"]) for row in rows(home, Verdict)}
    assert verdicts == {("number_matches", "7", True, "ok"), ("tool_calls", "2", True, "ok")}


def test_composers_of_two_domains_alternate_and_an_interrupted_night_is_completed(home: Path) -> None:
    chosen = settings(home, "cloze", "letters")
    compose(chosen)
    whole = sorted((row["task_id"], row["composer"]) for row in rows(home, Task))
    assert [composer for _, composer in whole].count("letters") == 6 == len(whole) / 2
    Lake(home / "lake").parts(Task)[-1].unlink()
    assert len(rows(home, Task)) < len(whole)
    compose(chosen)
    assert sorted((row["task_id"], row["composer"]) for row in rows(home, Task)) == whole
