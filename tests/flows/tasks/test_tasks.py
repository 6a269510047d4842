"""A night of search tasks over the small wiki: fair questions, composed once, the same on every machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flows.domains.contract import Writer
from flows.domains.search.composers.sentences import MASKS, probe, reveals
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from schemas import Task
from schemas.prompt import prompt
from sources.index.passage_splitter import blocks
from sources.index.scripts import lowercase_words
from tests.doubles.lakes.restored_home import RestoredHome
from tests.doubles.sites.small_wiki import HOST, write_small_wiki
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY, NEXT = date(2026, 1, 2), date(2026, 1, 3)


def settings(home: Path, **tasks: Any) -> Settings:
    return Settings(home=home, tasks=Tasks(**({"per_night": 12, "min_page_chars": 300} | tasks)))


@contextmanager
def no_teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    raise AssertionError("cloze needs no teacher")
    yield


def compose(chosen: Settings, day: date = DAY) -> dict[str, int | str]:
    return run_tasks(chosen, day, silent, no_teacher)


def rows(home: Path) -> list[dict[str, Any]]:
    with connect(Lake(home / "lake")) as con:
        found: list[dict[str, Any]] = con.sql("select * from tasks order by task_id").to_arrow_table().to_pylist()
    return found


def texts(home: Path) -> dict[str, str]:
    """The words of each page by url, without Markdown, with a space at both ends."""
    with connect(Lake(home / "lake")) as con:
        found = con.sql("select url, text from pages").fetchall()
    return {url: f" {lowercase_words(' '.join(block.text for block in blocks(text)))} " for url, text in found}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_small_wiki(Lake(tmp_path / "lake"), DAY)
    return tmp_path


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> RestoredHome:
    """A home with the tasks of one night."""
    folder = tmp_path_factory.mktemp("first_night") / "home"
    write_small_wiki(Lake(folder / "lake"), DAY)
    assert compose(settings(folder))["composed"] == 12
    return RestoredHome(folder)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_task_is_fair(home: Path, seed: int) -> None:
    """The page contains the answer, the instruction does not reveal it, and the quotation identifies the page."""
    compose(settings(home, seed=seed))
    corpus = texts(home)
    for task in rows(home):
        blank = task["instruction"].split('"')[1]
        assert not reveals(task["instruction"], task["answer"])
        assert f" {lowercase_words(task['answer'])} " in corpus[task["path"][-1]["url"]]
        assert task["evidence"] == [task["path"][-1]["doc_id"]]
        assert sum(text.count(f" {probe(blank)} ") for text in corpus.values()) == 1
        assert len(MASKS.findall(blank)) >= 1
        assert "\n" not in task["instruction"]


def test_walks_follow_hyperlinks_within_bounds(home: Path) -> None:
    compose(settings(home, min_hops=2, max_hops=3))
    with connect(Lake(home / "lake")) as con:
        links = set(con.sql("select from_url, to_url from page_links").fetchall())
    made = rows(home)
    assert made
    for task in made:
        urls = [hop["url"] for hop in task["path"]]
        assert 2 <= task["hops"] <= 3 and task["hops"] == len(urls) - 1
        assert set(pairwise(urls)) <= links
        assert len(set(urls)) == len(urls)
        assert all(hop["anchor"] for hop in task["path"][:-1]) and task["path"][-1]["anchor"] is None


def test_lists_and_empty_pages_are_not_walked(home: Path) -> None:
    compose(settings(home, per_night=60))
    walked = {hop["url"] for task in rows(home) for hop in task["path"]}
    assert not walked & {f"{HOST}/", f"{HOST}/stub", f"{HOST}/gone"}


def test_no_page_holds_two_answers(first_night: RestoredHome) -> None:
    home = first_night.restored()
    compose(settings(home), NEXT)
    answers = [task["path"][-1]["url"] for task in rows(home)]
    assert len(answers) == len(set(answers)) == 24


def test_a_second_run_of_a_night_composes_nothing_twice(first_night: RestoredHome) -> None:
    home = first_night.restored()
    before = rows(home)
    again = compose(settings(home))
    assert (again["composed"], again["already"]) == (0, 12)
    assert rows(home) == before


def test_an_interrupted_night_is_completed_with_the_same_tasks(first_night: RestoredHome) -> None:
    """A kill loses at most one part; the next run composes the same tasks again."""
    home = first_night.restored()
    whole = rows(home)
    parts = Lake(home / "lake").parts(Task)
    parts[-1].unlink()
    assert len(rows(home)) < len(whole)
    compose(settings(home))
    assert rows(home) == whole


@pytest.mark.slow
def test_seed_and_day_decide_the_tasks(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    write_small_wiki(Lake(other / "lake"), DAY)
    compose(settings(home))
    compose(settings(other))
    assert rows(home) == rows(other)
    third = tmp_path_factory.mktemp("third")
    write_small_wiki(Lake(third / "lake"), DAY)
    compose(settings(third, seed=7))
    assert rows(third) != rows(home)


def test_every_candidate_is_a_task_or_a_refusal_with_a_reason(home: Path) -> None:
    counts = compose(settings(home, per_night=100))
    reasons = {name: int(n) for name, n in counts.items() if name.startswith("refused:")}
    assert counts["refused"] == sum(reasons.values())
    assert counts["candidates"] == int(counts["composed"]) + int(counts["refused"])
    assert counts["composed"] == counts["cloze"] == len(rows(home))


def test_an_empty_lake_gives_no_tasks(tmp_path: Path) -> None:
    assert compose(settings(tmp_path))["composed"] == 0


@contextmanager
def careless_teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    """A teacher whose replies are in turn a good question, one that reveals the answer, and empty."""
    n_replies = 0

    def write(system: str, facts: str) -> str:
        nonlocal n_replies
        n_replies += 1
        assert system == prompt("compose_written", "flows.domains.search").text
        answer = facts.rsplit("The answer: ", 1)[1]
        good = "Question: Which thing is missing from the last of the places that are described there?"
        return {0: good, 1: f"Is it {answer} that is missing from the last of the places?", 2: ""}[n_replies % 3]

    yield write


@pytest.mark.slow
def test_written_questions_are_checked_and_refused_ones_replaced(home: Path) -> None:
    chosen = settings(home, composers=["written"], per_night=5)
    counts = run_tasks(chosen, DAY, silent, careless_teacher)
    made = rows(home)
    assert counts["composed"] == counts["written"] == len(made) == 5
    assert counts["refused:written_empty"] and counts["refused:written_tells_answer"]
    for task in made:
        assert task["instruction"].startswith("Which thing")
        assert task["prompt_sha256"] == prompt("compose_written", "flows.domains.search").sha256
        assert json.loads(task["difficulty"])["answer_page_chars"] > 0
