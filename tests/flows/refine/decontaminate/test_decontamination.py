"""Decontamination: overlaps that are found, their records in the lake, and benchmark files that are refused."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.refine.decontaminate.ngrams import folded_words, ngrams, word_hashes
from flows.settings import BenchmarkFiles, Settings, SettingsError
from schemas import Trajectory
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
LONG = "In which year did the lighthouse keeper of the northern island first record a total eclipse of the sun?"
SHORT = "Who wrote the Book of Lanterns?"
TINY = "Why lanterns?"
WIDE = "\uff26\uff29\uff32\uff33\uff34"
"""FIRST in full-width letters."""


def benchmark(folder: Path, *items: object, name: str = "quiz.jsonl") -> dict[str, object]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps({"question": item}) + "\n" for item in items))
    return {"path": folder / name, "columns": ["question"], "version": "2"}


def lake_of(**edits: str) -> SmallLake:
    """Six attempts of one task each; each of `edits` puts words into one of them."""
    made = make_small_lake(DAY, n_tasks=6, samples=1)
    for place, (where, words) in enumerate(edits.items()):
        attempt = made.trajectories[place]
        if where == "instruction":
            task = next(task for task in made.tasks if task.task_id == attempt.task_id)
            made.tasks[made.tasks.index(task)] = task.model_copy(update={"instruction": words})
        elif where in ("answer", "system"):
            made.trajectories[place] = attempt.model_copy(update={where: words})
        else:
            _edit_turn(made, attempt, where, words)
    return made


def _edit_turn(made: SmallLake, attempt: Trajectory, where: str, words: str) -> None:
    role = "tool" if where == "page" else "assistant"
    turn = next(turn for turn in made.turns if turn.trajectory_id == attempt.trajectory_id and turn.role == role)
    arguments = words if where == "tiny" else {"top": 3, "query": words}
    calls = [{"id": "c0", "name": "search", "arguments": arguments}]
    fields = {"page": "observation", "reasoning": "reasoning", "content": "content"}
    change = {fields[where]: words} if where in fields else {"tool_calls": json.dumps(calls)}
    made.turns[made.turns.index(turn)] = turn.model_copy(update=change)


def refined(home: Path, made: SmallLake, *benchmarks: dict[str, object]) -> dict[str, dict[str, Any]]:
    found = Settings(home=home, refine={"benchmarks": benchmarks})
    write_records(Lake(found.lake), DAY, made)
    run_refine(found, DAY, silent)
    return {
        row["trajectory_id"]: json.loads(row["gates"])["decontamination"] for row in query_lake(home, "from decisions")
    }


def folded_text(*texts: str) -> list[str]:
    return [" ".join(words) for words in folded_words(pa.array(texts)).to_pylist()]


def query_lake(home: Path, query: str) -> list[dict[str, Any]]:
    with connect(Lake(home / "lake")) as con:
        rows: list[dict[str, Any]] = con.sql(query).to_arrow_table().to_pylist()
    return rows


def test_overlaps_are_found_in_task_answer_and_query_but_not_in_pages(tmp_path: Path) -> None:
    """A student trained on a benchmark's items is evaluated on seen data; pages do not count."""
    shouted = "  " + LONG.upper().replace(" ", " \n ").replace("FIRST", WIDE) + " Answer in one word."
    made = lake_of(instruction=shouted, answer="I found: " + LONG, query=LONG[:-1], page=LONG, tiny=LONG[:60])
    answers = refined(tmp_path, made, benchmark(tmp_path / "b", "Another question.", LONG))
    reasons = [answers[attempt.trajectory_id]["reason"] for attempt in made.trajectories]
    assert reasons == ["in_instruction", "in_answer", "in_query", "ok", "ok", "ok"]
    assert {answers[attempt.trajectory_id]["value"] for attempt in made.trajectories[:3]} == {19}


def test_overlaps_are_found_in_all_that_the_agent_wrote_and_in_the_system_prompt(tmp_path: Path) -> None:
    """An agent that recites an item, or a prompt with worked examples from it, teaches the item like a task would."""
    prompt = f"You are careful. Example: {LONG}"
    made = lake_of(reasoning=f"I recall: {LONG.upper()}", content=f"So, {SHORT} Ada.", system=prompt, page=LONG)
    answers = refined(tmp_path, made, benchmark(tmp_path / "b", LONG, SHORT, TINY))
    reasons = [answers[attempt.trajectory_id]["reason"] for attempt in made.trajectories]
    assert reasons == ["in_agent_words", "in_agent_words", "in_system_prompt", "ok", "ok", "ok"]
    spans = query_lake(tmp_path, "from benchmark_overlaps")
    places = {(span["field"], span["n_words"], span["index"] is None) for span in spans}
    assert places == {("agent_words", 6, False), ("agent_words", 19, False), ("system_prompt", 19, True)}
    assert all(span["text"] in folded_text(LONG, SHORT) for span in spans)


def test_a_short_item_matches_as_a_whole_only(tmp_path: Path) -> None:
    """Most benchmark questions are short, but a few of their words occur everywhere."""
    made = lake_of(instruction=f"Please tell me: {SHORT}", query=SHORT.lower(), tiny=TINY, answer="so why lanterns are")
    answers = refined(tmp_path, made, benchmark(tmp_path / "b", SHORT, TINY))
    reasons = [answers[attempt.trajectory_id]["reason"] for attempt in made.trajectories]
    assert reasons == ["in_instruction", "in_query", "in_query", "ok", "ok", "ok"]


@pytest.mark.slow
def test_an_item_in_many_rows_is_found_and_a_prompt_format_is_not(tmp_path: Path) -> None:
    """Benchmarks repeat an item in many rows (per sample, subject or answer): such an item must be found."""
    form = "Read the passage and write the letter of the one right choice, then say in a line why it is right."
    items = benchmark(tmp_path / "b", *[LONG, SHORT, TINY] * 100, *(f"Passage {n}. {form}" for n in range(100)))
    made = lake_of(instruction=LONG, query=SHORT, answer=TINY, tiny=form)
    answers = refined(tmp_path, made, items)
    reasons = [answers[attempt.trajectory_id]["reason"] for attempt in made.trajectories]
    assert reasons == ["in_instruction", "in_query", "ok", "ok", "ok", "ok"]


@pytest.mark.slow
def test_each_overlap_is_recorded_with_its_words(tmp_path: Path) -> None:
    """A refusal must be verifiable: it may reveal a mistake in the benchmark's file."""
    made = lake_of(query=f"note {LONG} thanks", answer=SHORT)
    items = benchmark(tmp_path / "b", None, "x", SHORT, LONG)
    refined(tmp_path, made, items | {"name": "Quiz"})
    spans = {row["field"]: row for row in query_lake(tmp_path, "from benchmark_overlaps")}
    query = spans["query"]
    assert (query["start"], query["n_words"], query["item"], query["index"]) == (1, 19, 3, 2)
    assert query["text"] == " ".join(LONG.lower().rstrip("?").split())
    assert (spans["answer"]["text"], spans["answer"]["item"]) == ("who wrote the book of lanterns", 2)
    [checked] = query_lake(tmp_path, "from benchmarks")
    assert (checked["name"], checked["version"], checked["file"], checked["trajectories"]) == (
        "Quiz",
        "2",
        "quiz.jsonl",
        2,
    )
    assert (checked["items"], checked["short_items"], checked["empty_items"]) == (3, 2, 1)
    assert {row["sha256"] for row in spans.values()} == {checked["sha256"]}


@pytest.mark.slow
def test_every_file_format_gives_the_same_overlaps(tmp_path: Path) -> None:
    """Benchmarks are published as JSONL, Parquet or CSV."""
    made = lake_of(instruction=LONG, answer=SHORT)
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps([{"id": 1, "question": LONG}, {"id": 2, "other": [1]}]))
    (folder / "b.csv").write_text(f'id,question\n1,"{SHORT}"\n2,\n')
    pq.write_table(pa.table({"question": [LONG, None], "n": [1, 2]}), folder / "c.parquet")
    (folder / "README.md").write_text("not a benchmark")
    answers = refined(tmp_path, made, {"path": folder, "columns": ["question"]})
    assert [answers[attempt.trajectory_id]["keep"] for attempt in made.trajectories] == [False] * 2 + [True] * 4
    assert [(row["name"], row["trajectories"]) for row in query_lake(tmp_path, "from benchmarks order by file")] == [
        ("a", 1), ("b", 1), ("c", 1),
    ]  # fmt: skip


@pytest.mark.slow
def test_nothing_is_read_twice_and_a_changed_benchmark_decides_anew(tmp_path: Path) -> None:
    """A benchmark of a million items is read once; a corrected file is read again."""
    made, items = lake_of(instruction=LONG), benchmark(tmp_path / "b", SHORT)
    assert all(one["keep"] for one in refined(tmp_path, made, items).values())
    [index] = (tmp_path / "state" / "benchmarks").glob("*.parquet")
    stamp = index.stat().st_mtime_ns
    run_refine(Settings(home=tmp_path, refine={"benchmarks": [items], "min_calls": 2}), DAY, silent)
    assert index.stat().st_mtime_ns == stamp
    benchmark(tmp_path / "b", SHORT, LONG)
    run_refine(Settings(home=tmp_path, refine={"benchmarks": [items]}), DAY, silent)
    assert [row["trajectory_id"] for row in query_lake(tmp_path, "from benchmark_overlaps")] == [
        made.trajectories[0].trajectory_id
    ]


@pytest.mark.slow
def test_a_release_names_the_benchmarks_that_it_was_checked_against(tmp_path: Path) -> None:
    """The release alone shows an evaluator that a benchmark was excluded."""
    made, items = lake_of(instruction=LONG), benchmark(tmp_path / "b", LONG)
    refined(tmp_path, made, items)
    run_publish(Settings(home=tmp_path, publish={"to": str(tmp_path / "release")}), DAY, silent)
    latest = tmp_path / "release" / "latest"
    [checked] = json.loads((latest / "manifest.json").read_text())["benchmarks"]
    assert (checked["name"], checked["version"], checked["items"], checked["overlapping"]) == ("quiz", "2", 1, 1)
    assert checked["sha256"] == hashlib.sha256((tmp_path / "b" / "quiz.jsonl").read_bytes()).hexdigest()
    assert "## Decontamination" in (latest / "README.md").read_text()


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("missing.jsonl", None, "no file or folder"),
        ("notes.txt", "hello", "no file or folder"),
        ("a.jsonl", '{"question": "one"}\n{"question": \n', "a.jsonl cannot be used"),
        ("a.jsonl", '{"query": "one"}\n', "no row has a text in question; there are: query"),
        ("a.jsonl", "", "a.jsonl cannot be used"),
        ("a.csv", "query\none\n", "no column question; there are: query"),
        ("a.parquet", "not parquet", "a.parquet cannot be used"),
    ],
)
def test_an_unusable_file_is_named_with_the_remedy(tmp_path: Path, name: str, text: str | None, problem: str) -> None:
    """A release must not claim a check that was silently skipped."""
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(SettingsError, match=problem) as error:
        refined(tmp_path, lake_of(), {"path": tmp_path / name, "columns": ["question"]})
    assert name in str(error.value)


@pytest.mark.slow
def test_a_misspelt_column_is_named_and_an_empty_one_is_not(tmp_path: Path) -> None:
    """Otherwise the release would claim a check of questions that were never read."""
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"question": LONG, "answer": "Ada", "hint": None}) + "\n")
    made = lake_of(instruction=LONG)
    with pytest.raises(SettingsError, match=r"no row has a text in quesion; there are: question, answer, hint"):
        refined(tmp_path, made, {"path": file, "columns": ["quesion", "answer"]})
    answers = refined(tmp_path, made, {"path": file, "columns": ["question", "hint"]})
    assert answers[made.trajectories[0].trajectory_id]["reason"] == "in_instruction"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=30), st.integers(1, 6), st.integers(0, 5))
def test_an_ngram_has_one_key_at_any_position(words: list[str], n: int, before: int) -> None:
    """Finding an overlap must not depend on the text before it."""
    alone = ngrams(word_hashes(pa.array([" ".join(words)])), [n])
    within = ngrams(word_hashes(pa.array([None, "", "x " * before + " ".join(words) + " y"])), [n])
    assert set(alone["key"].to_pylist()) <= set(within["key"].to_pylist())
    texts = [tuple(words[at : at + n]) for at in alone["start"].to_pylist()]
    assert len(set(alone["key"].to_pylist())) == len(set(texts))


def test_words_are_folded() -> None:
    """Copies of benchmarks differ in quotes, widths, case and spaces."""
    folded = folded_words(
        pa.array([f"{WIDE}\u2014width \ufb01ne\u00a0\u216b", "東京は\uff1f", "ΣΊΣΥΦΟΣ", "...", None])
    ).to_pylist()
    assert folded == [["first", "width", "fine", "xii"], ["東", "京", "は"], ["σίσυφοσ"], [], None]


def test_settings_take_benchmarks_as_tables() -> None:
    """The settings file that `factory init` writes has an example."""
    one = Settings(refine={"benchmarks": [{"path": "a.csv", "columns": ["q"]}]}).refine.benchmarks
    assert one == [BenchmarkFiles(path=Path("a.csv"), columns=["q"])]
