"""Verifiers: equal answers, contained answers, evidence that was read, tool calls that worked."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.domains.contract import Finished
from flows.domains.search.verifiers import normalise_answer
from flows.environments.tool import Answer, ToolCall
from flows.rollout.loop.acts import Ending
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.loop.trajectory_row import Plan, trajectory_row
from flows.rollout.protocol import Completion, Parsed
from flows.rollout.tools.observation import observe
from flows.rollout.verifiers.judge import judge
from flows.settings import Rollout
from schemas import Task, Turn, Verdict
from schemas.trajectory import Kind
from tests.doubles.lakes.wiki_tasks import reading, wiki_task
from tests.doubles.teachers.scripted import ScriptedTeacher, TinyDialect
from tests.flows.rollout.loop.test_agent import BRIEF

TASK = wiki_task(date(2026, 1, 2), 0)
URL = TASK.path[0].url
MADE_BY = (ScriptedTeacher(reading).identity, TinyDialect())


def attempt_turns(*steps: tuple[Parsed, list[tuple[Kind, str | None]]]) -> list[Turn]:
    """The turns of parsed completions, each with tool turns of the given kinds and urls."""
    episode = Episode("t1", "2026-01-02")
    turns: list[Turn] = []
    for parsed, observations in steps:
        turns.append(episode.assistant_turn(Completion([1], [-0.5], "stop"), parsed))
        episode.add([Entry(turns[-1])])
        for kind, url in observations:
            turns.append(
                episode.tool_turn(observe(ToolCall("c", "open", {}), Answer("text", kind, url), Rollout(), 0.0), [2])
            )
            episode.add([Entry(turns[-1])])
    return turns


def verdicts(answer: str | None, turns: list[Turn], task: Task = TASK) -> dict[str, Verdict]:
    plan = Plan(task, 0, replace(BRIEF, trajectory_id="t1"))
    now = datetime(2026, 1, 2, tzinfo=UTC)
    row = trajectory_row(plan, Ending("answered", answer), turns, now, MADE_BY)
    return {one.verifier: one for one in judge(Finished(task, row, turns))}


def opening(url: str = URL) -> Parsed:
    return Parsed("", calls=(ToolCall("c", "open", {"url": url}),))


@pytest.mark.parametrize(
    "answer", ["Sken Isle", "the SKEN   isle.", "Sken-Isle!", "“\uff33\uff4b\uff45\uff4e Isle”", "A sken isle"]
)
def test_case_width_punctuation_and_articles_make_no_difference(answer: str) -> None:
    found = verdicts(answer, [], TASK.model_copy(update={"answer": "Sken Isle"}))
    assert found["exact_match"].passed
    assert found["contains_answer"].passed


def test_an_answer_within_a_sentence_is_contained_but_not_an_exact_match() -> None:
    found = verdicts("It is Varnay, I think.", [], TASK.model_copy(update={"answer": "Varnay"}))
    assert (found["exact_match"].reason, found["contains_answer"].reason) == ("other_answer", "ok")


@pytest.mark.parametrize(
    ("truth", "answer", "passes"),
    [
        ("file", "open(file, 'w', mode=438)", False),
        ("file", "a file that was opened before another process wrote into its buffer", False),
        ("path", "os.path", False),
        ("len", "max_len", False),
        ("number", "the smallest integer above the number of free memory pages", False),
        ("file", "No feature line is ever to be deleted from this file.", False),
        ("file", "the file object", True),
        ("I/O", "Python's I/O", True),
        ("PEP", "PEP 302", True),
        ("Sken Isle", "Sken-Isle, off Varnay", True),
        ("Karl Anton of Varnay", "I think the answer is king Karl Anton of Varnay.", True),
        ("Karl Anton of Varnay", "It was king Karl Anton of Varnay, who ruled from 1801 to 1830.", False),
    ],
)
def test_a_short_ground_truth_must_be_stated_as_the_answer(truth: str, answer: str, passes: bool) -> None:
    """A long wrong answer that contains a common word by chance, and a sentence for one word, must not pass."""
    instruction = 'Fill in the blank: "No feature line is ever to be deleted from this ____."'
    found = verdicts(answer, [], TASK.model_copy(update={"answer": truth, "instruction": instruction}))
    assert found["contains_answer"].passed == passes


def test_a_sentence_and_a_truth_of_another_form_have_reasons_of_their_own() -> None:
    task = TASK.model_copy(update={"answer": "12"})
    assert verdicts("It lies between 11 and 12 miles off the coast.", [], task)["contains_answer"].reason == "too_long"
    number = task.model_copy(update={"answer_form": "number"})
    assert verdicts("12", [], number)["contains_answer"].reason == "other_form"


def test_part_of_a_word_is_not_an_answer() -> None:
    found = verdicts("It lies in 1951.", [], TASK.model_copy(update={"answer": "195"}))
    assert not found["contains_answer"].passed


def test_a_missing_answer_and_a_missing_truth_have_different_reasons() -> None:
    assert verdicts(None, [])["exact_match"].reason == "no_answer"
    assert verdicts("x", [], TASK.model_copy(update={"answer": None}))["exact_match"].reason == "no_truth"


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise_answer(normalise_answer(text)) == normalise_answer(text)


@pytest.mark.parametrize(
    ("observations", "passed", "score"),
    [
        ([("ok", URL)], True, 1.0),
        ([("truncated", URL)], True, 1.0),
        ([("empty", URL)], False, 0.0),
        ([("ok", "http://wiki.test/other")], False, 0.0),
        ([("ok", None)], False, 0.0),
    ],
)
def test_evidence_counts_as_read_when_its_page_was_displayed(
    observations: list[tuple[Kind, str | None]], passed: bool, score: float
) -> None:
    found = verdicts("x", attempt_turns((opening(), observations)))["evidence_consulted"]
    assert (found.passed, found.score) == (passed, score)
