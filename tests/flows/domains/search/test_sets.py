"""Questions over many pages: true by a separate reading of the pages, hard to shortcut, and always the same."""

import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.domains import domains
from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.search.sets.compose import SET_COMPOSERS, Candidate, candidates
from flows.domains.search.sets.conditions import draw_bounds
from flows.domains.search.sets.graph import Attribute, Page
from flows.domains.search.sets.recount import has_words, value_of
from flows.domains.search.sets.twins import asked_of
from flows.environments.resources import Resources
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from flows.tasks.rows import task_row
from schemas import Document, Fact
from schemas.document import doc_id
from schemas.record import sha256_text
from sources.index.library import Library
from tests.doubles.sites.region_wiki import HOST, documents, write_region_wiki
from tests.flows.domains.search.checker import Checker
from warehouse.connect import connect, query
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY = date(2026, 1, 2)
CHECKED = int(os.environ.get("CHECKED_TASKS", "500"))
CHECKED_PAGES = max(500, CHECKED // 2)
COMPOSERS = ["set_extreme", "set_count", "set_list", "intersection", "union", "table_join", "chain", "mentions"]


@contextmanager
def no_teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    raise AssertionError("these composers need no teacher")
    yield


def compose(home: Path, per_night: int, **tasks: Any) -> dict[str, int | str]:
    chosen = Tasks(**({"per_night": per_night, "composers": COMPOSERS} | tasks))
    return run_tasks(Settings(home=home, tasks=chosen), DAY, silent, no_teacher)


def rows(home: Path) -> list[dict[str, Any]]:
    with connect(Lake(home / "lake")) as con:
        found: list[dict[str, Any]] = con.sql("select * from tasks order by task_id").to_arrow_table().to_pylist()
    return found


def answer_of(task: dict[str, Any]) -> float | set[str]:
    """The answer: a number, or names of pages."""
    return float(task["answer"]) if task["answer_form"] == "number" else set(task["answer"].split("; "))


def wrong(home: Path) -> list[str]:
    """The instructions whose truth is not that of the checker."""
    checker = Checker(home / "lake")
    return [
        task["instruction"]
        for task in rows(home)
        if checker.named_answer(task["composer"], task["instruction"]) != answer_of(task)
    ]


@pytest.mark.slow
def test_questions_are_true_and_no_search_answers_them(tmp_path: Path) -> None:
    """One wrong truth teaches the student that right answers fail; an answer in the first hits teaches nothing."""
    write_region_wiki(Lake(tmp_path / "lake"), DAY, 320)
    listed = ["set_extreme", "set_count", "set_list", "union", "table_join"]
    counts = compose(tmp_path, 24, composers=listed)
    assert counts["composed"] == 24
    found = rows(tmp_path)
    assert {task["composer"] for task in found} == set(listed)
    assert wrong(tmp_path) == []
    assert {json.loads(task["difficulty"])["probes"]["oracle"] for task in found} == {"passed"}
    assert {json.loads(task["difficulty"])["probes"]["shortcuts"] for task in found} == {"passed"}
    (index,) = (tmp_path / "state" / "library").iterdir()
    library, texts = Library.open(index), {task["instruction"]: task for task in found}
    for instruction, task in texts.items():
        if task["answer_form"] == "text":
            assert task["answer"] not in {hit.title.rsplit(" - ", 1)[0] for hit in library.search(instruction)}
    before = (tmp_path / "lake" / "fact").rglob("*graph*.parquet")
    parts = {path: path.stat().st_mtime_ns for path in before}
    compose(tmp_path, 25, composers=listed)
    assert {path: path.stat().st_mtime_ns for path in parts} == parts and len(parts) == 1, "a page is read once"


@pytest.mark.slow
def test_many_questions_over_two_sources_are_true_by_a_second_reading(tmp_path: Path) -> None:
    """One wrong question in hundreds is a wrong truth in each release."""
    for seed, host in enumerate(("https://regions.example/wiki/", "https://other.example/"), 1):
        write_region_wiki(Lake(tmp_path / "lake"), DAY, CHECKED_PAGES, seed=seed, host=host)
    counts = compose(tmp_path, CHECKED, probes=[])
    assert counts["composed"] == CHECKED
    assert wrong(tmp_path) == []
    corpora: dict[str, list[int]] = {}
    for task in rows(tmp_path):
        corpora.setdefault(task["composer"], []).append(json.loads(task["difficulty"])["corpora"])
    assert corpora.keys() == set(COMPOSERS)
    described = {"intersection", "mentions"}
    assert {name for name, some in corpora.items() if set(some) == {2}} - described == {
        "set_extreme", "set_count", "set_list", "union", "chain",
    }  # fmt: skip
    assert all(2 in corpora[name] for name in described)


@pytest.mark.slow
def test_a_target_sets_how_much_is_read_for_a_question(tmp_path: Path) -> None:
    """Without it an operator whose teacher has a small window can only switch the composers off."""
    calls = {}
    for target in (20, 60):
        home = tmp_path / str(target)
        write_region_wiki(Lake(home / "lake"), DAY, 200)
        compose(home, 8, probes=[], target={"search": {"calls": target, "tokens": 100_000}})
        difficulties = [json.loads(task["difficulty"]) for task in rows(home)]
        calls[target] = [one["windows"] + len(one["clauses"]) for one in difficulties]
        assert all(one["windows"] >= int(one["knob"].split()[0]) for one in difficulties)
    assert max(calls[20]) < min(calls[60])
    assert 0.5 * 20 < sum(calls[20]) / 8 < 2 * 20 and 0.5 * 60 < sum(calls[60]) / 8 < 2 * 60


@pytest.mark.slow
def test_a_question_that_a_probe_refuses_stands_in_the_way_of_no_other(tmp_path: Path) -> None:
    """A night that goes on after a kill reads tasks only: with other memories it would compose other tasks."""
    write_region_wiki(Lake(tmp_path / "lake"), DAY, 200)
    compose(tmp_path, 1, probes=[])
    (index,) = (tmp_path / "state" / "library").iterdir()
    with connect(Lake(tmp_path / "lake")) as con:
        corpus = Corpus(con, Tasks(), DAY, 9, resources=Resources(library_path=index))
        candidate, kind, draft = next(drafts(corpus))
        again = kind.compose(candidate, no_writer)
        assert again == draft
        task = task_row(domains()["search"], kind, draft, Tasks(), DAY)
        assert kind.accepted
        kind.accepted(candidate, task)
        with pytest.raises(Refused, match="same_line"):
            kind.compose(candidate, no_writer)
        other = candidate.asked[kind.name][0]
        assert other == asked_of(draft.evidence, draft.instruction)


def drafts(corpus: Corpus) -> Iterator[tuple[Candidate, Composer, Draft]]:
    for candidate in candidates(corpus):
        kind = SET_COMPOSERS[candidate.number % len(SET_COMPOSERS)]
        with suppress(Refused):
            yield candidate, kind, kind.compose(candidate, no_writer)


def no_writer(system: str, text: str) -> str:
    raise AssertionError("these composers need no teacher")


def test_items_that_link_to_several_pages_count_by_their_first_links(tmp_path: Path) -> None:
    """A reader who takes every linked page for named would be right, and count otherwise than the truth."""
    written = list(documents(DAY, 200))
    towns = [page for page in written if "Population" in (page.text or "")]
    hubs = [_weather(name, towns[20 * at : 20 * at + 20]) for at, name in enumerate(("Rain", "Snow", "Fog"))]
    Lake(tmp_path / "lake").write(Document, [*written, *hubs], PartName(DAY, "wiki", 0))
    compose(tmp_path, 12, probes=[], composers=["set_count", "set_list"], target={"search": {"calls": 30}})
    told = [task["instruction"] for task in rows(tmp_path) if "“Weather”" in task["instruction"]]
    assert told and all("first link" in one for one in told)
    assert wrong(tmp_path) == []


def _weather(name: str, towns: list[Document]) -> Document:
    """A page whose list items link to two towns each."""
    items = "\n".join(
        f"- In [{one.title}]({one.url}), unlike [{other.title}]({other.url}), it is wet."
        for one, other in zip(towns[::2], towns[1::2], strict=True)
    )
    url, text = f"{HOST}{name}", f"# {name}\n\n{'It is wet there. ' * 60}\n\n## Weather\n\n{items}"
    changed = {"url": url, "title": name, "text": text, "n_chars": len(text), "links": []}
    return towns[0].model_copy(update=changed | {"doc_id": doc_id(url, sha256_text(text))})


@pytest.mark.slow
def test_pages_that_mention_two_things_are_gathered_by_searching(tmp_path: Path) -> None:
    """Corpora without lists would give no question over many pages."""
    write_region_wiki(Lake(tmp_path / "lake"), DAY, 200)
    compose(tmp_path, 8, probes=["oracle", "shortcuts"], composers=["mentions"])
    found = rows(tmp_path)
    assert len(found) == 8 and wrong(tmp_path) == []
    assert {json.loads(task["difficulty"])["probes"]["shortcuts"] for task in found} == {"passed"}
    assert min(json.loads(task["difficulty"])["windows"] for task in found) >= 40


@pytest.mark.slow
def test_a_new_page_is_read_and_an_old_one_is_not(tmp_path: Path) -> None:
    """Reading every page each night would cost minutes; leaving a new text out would make old truths of it."""
    lake = Lake(tmp_path / "lake")
    write_region_wiki(lake, DAY, 60)
    compose(tmp_path, 1)
    write_region_wiki(lake, DAY, 60, seed=2, host="https://other.example/")
    compose(tmp_path, 2)
    with connect(lake) as con:
        read = con.sql("select doc_id, count(*) from fact_parts where kind = 'page' group by all").fetchall()
        known = {row[0] for row in con.sql("select distinct doc_id from pages").fetchall()}
        views = [
            con.sql(f"select count(*) from {name}").fetchall()[0][0]
            for name in ("sections", "list_items", "table_cells", "mentions")
        ]
    assert dict(read) == dict.fromkeys(known, 1)
    assert min(views) > 50
    assert len(lake.parts(Fact)) == len(lake.parts(Document)) == 2


def test_a_page_with_odd_marks_of_code_has_no_number_of_headings() -> None:
    """Readers who pair the marks in different ways count differently, so no answer is right."""
    with pytest.raises(LookupError, match="several ways"):
        value_of(Attribute("headings", "", "", {}), sheet("Run (```\nsetup\n```\n).\n\n## One\n\n## Two"))
    plain = sheet("## One\n\n```\n## no heading\n```\n\n## Two\n\nUse `a` and ``b``.")
    assert value_of(Attribute("headings", "", "", {}), plain) == 2


def test_a_part_of_a_short_form_is_no_word() -> None:
    """A reader does not find “aren” on a page that has “aren't”."""
    page = sheet("They aren't here, says the 'guide' of o'clock; it\u2019s [late](http://x.example/link).")
    assert [word for word in ("aren", "guide", "clock", "late", "link", "here") if has_words([word], page)] == [
        "guide", "late", "here",
    ]  # fmt: skip


def test_no_lower_bound_is_zero_where_no_value_is_less() -> None:
    """“At least 0 and at most 3” reads as if pages could have less than nothing."""
    values = [0.0, 0.0, 1.0, 2.0, 3.0, 5.0]
    lows = {draw_bounds(random.Random(seed), values)[0] for seed in range(80)}
    assert lows == {float("-inf"), 1.0, 2.0, 3.0}
    assert 0.0 in {draw_bounds(random.Random(seed), [-1.0, *values])[0] for seed in range(80)}


CHINESE = ("灯塔", "鲸鱼", "港口", "茶叶", "丝绸", "瓷器", "钟声", "木船", "森林", "雪山")


def test_words_of_chinese_pages_are_found_inside_their_sentences() -> None:
    """A clause without spaces was taken for one word, so that no page in Chinese was in a question of this kind."""
    dice = random.Random(5)
    sentences = ["他们的{}在{}和{}旁边。".format(*dice.sample(CHINESE, 3)) for _ in range(200)]
    pages = {str(n): sheet(f"# Page {n}\n\n{text} Lighthouses are old.") for n, text in enumerate(sentences)}
    with duckdb.connect() as con:
        con.execute("create table pages (doc_id varchar, url varchar, text varchar)")
        con.executemany("insert into pages values ($1, $1, $2)", [(key, page.text) for key, page in pages.items()])
        found = dict(con.execute(query("graph", "graph_words"), {"least": 4, "most": 90}).fetchall())
    assert sorted(found) == sorted(CHINESE)
    for word, doc_ids in found.items():
        assert set(doc_ids) == {key for key, page in pages.items() if has_words([word], page)}


def sheet(text: str) -> Page:
    return Page("id", "http://x.example/", "X", "web", None, text, datetime(2026, 1, 1, tzinfo=UTC))
