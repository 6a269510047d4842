"""One question is one task in all its spellings, a greeting is none, and no option or version imports a row twice."""

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.imports.chunk import ImportOptions
from flows.imports.courtesy import asks
from flows.imports.existing_ids import ExistingIds
from flows.imports.formats.attempt.outcomes import Named
from flows.imports.formats.registry import attempt_of
from flows.imports.importer import Counts, Importer
from flows.imports.problem import problem_of
from schemas.task import folded
from tests.flows.imports.test_import_line import SEARCH, messages_row, written
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.migrate import migrate
from warehouse.query import run_checks

OLD_LAKE = Path(__file__).parents[2] / "warehouse" / "lake_version_1.tar.gz"
Row = dict[str, Any]
MESSAGES = ImportOptions("messages", "imported")
ENDINGS = st.sampled_from(["", ".", "?", " ?", "？", "!!", "。", "...", " \n", "…"])
SPACES = st.sampled_from([" ", "  ", "\t", "\n", "\u00a0", "\u3000"])


def brought(lake: Lake, path: Path, options: ImportOptions = MESSAGES) -> Counts:
    with connect(lake) as con:
        known = ExistingIds.of(con, datetime.now(UTC))
    return Importer(lake, known, []).import_file(path, path.name, options, silent)


def dialogue(*said: str, **row: Any) -> Row:
    """User messages with a reply to each, a call after the last."""
    messages: list[Row] = []
    for text in said:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "Tell me more."}]
    call = {"id": "a", "function": {"name": "find", "arguments": json.dumps({"of": said[-1]})}}
    messages[-1] |= {"tool_calls": [call]}
    messages.append({"role": "tool", "tool_call_id": "a", "content": "found"})
    return {"messages": [*messages, {"role": "assistant", "content": "Done."}], **row}


def task(row: Row) -> str:
    attempt = attempt_of(row, "auto")
    return problem_of(attempt).task("imported", attempt.truth)


def full_width(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


@st.composite
def spelled(draw: st.DrawFn, text: str) -> str:
    """The text in another spelling: case, space, width and final punctuation."""
    kinds: list[Callable[[str], str]] = [str.upper, str.lower, str.title, str, full_width]
    words = [draw(st.sampled_from(kinds))(one) for one in text.split()]
    spaced = "".join(word + draw(SPACES) for word in words).strip()
    return draw(st.sampled_from(["", " ", "\ufeff"])) + spaced + draw(ENDINGS)


@given(spelled("Who wrote the novel Faust"), spelled("Johann Goethe"))
def test_all_spellings_of_a_question_are_one_task(question: str, truth: str) -> None:
    """Spellings in several tasks put one question into two splits, and take the pairs of its attempts apart."""
    row = {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": "x"}], "answer": truth}
    same = {"messages": [{"role": "user", "content": "Who wrote the novel Faust?"}, {"role": "assistant"}]}
    assert task(row) == task(same | {"answer": "Johann Goethe"})
    assert task(row) != task(same | {"answer": "Schiller"})


@given(st.text(max_size=40))
@pytest.mark.slow
def test_folding_is_stable(text: str) -> None:
    """An id of a folded text that folds further would change with the number of imports."""
    assert folded(folded(text)) == folded(text)
    assert folded(text) or not text.strip() or not folded(text.strip("\u200b\ufeff\u00ad"))


@pytest.mark.parametrize(
    ("one", "other"),
    [("What is C++?", "What is C?"), ("Add 1 2", "Add 12"), ("?", "!"), ("Is -5 odd?", "Is 5 odd?"), ("x^2", "x2")],
)
def test_questions_that_differ_stay_apart(one: str, other: str) -> None:
    assert folded(one) != folded(other)


GREETINGS = (
    "Hi!",
    "hello, can you help me",
    "Good morning, I need some help please.",
    "¡Hola! ¿Me puedes ayudar?",
    "你好，请问可以帮我吗？",
    "Guten Tag, können Sie mir bitte helfen?",
    "Bonjour, pouvez-vous m'aider s'il vous plaît ?",
    "नमस्ते, क्या आप मेरी मदद कर सकते हैं?",
    "こんにちは、手伝っていただけますか？",
    "안녕하세요, 도와주실 수 있나요?",
    "مرحبًا، هل يمكنك مساعدتي؟",
    "Здравствуйте! Можете мне помочь?",
    "Xin chào, bạn có thể giúp tôi không?",
    "Olá, tudo bem? Pode me ajudar?",
    "สวัสดีครับ ช่วยหน่อยได้ไหม",
    "👋",
)


@pytest.mark.parametrize("greeting", GREETINGS)
def test_unrelated_dialogues_with_one_greeting_are_several_tasks(greeting: str) -> None:
    """Preference pairs of unrelated conversations teach noise; a split by greeting holds out nothing."""
    assert not asks(greeting)
    ends = ("Where is my order W7?", "Cancel W9 and pay me back.", "我的订单 W11 在哪里？")
    assert len({task(dialogue(greeting, end)) for end in ends}) == 3
    assert (
        task(dialogue(greeting, ends[0])) == task(dialogue("Hello there", ends[0].upper())) == task(dialogue(ends[0]))
    )


def test_openings_that_wait_for_details_are_completed_by_them() -> None:
    """Simulated users say who they are after a first hint, in which hundreds of dialogues agree."""
    hint = "I'd like to return some items of a recent order"
    assert task(dialogue(hint, "I am Yusuf Rossi, W77")) != task(dialogue(hint, "My name is Mei Patel, W12"))
    assert problem_of(attempt_of(dialogue("Hi", hint, "W7"), "messages")).instruction == f"{hint}\nW7"


def test_a_sets_own_task_id_holds_within_its_policy() -> None:
    """A simulated user words each trial anew; number 5 of two environments is not one task."""

    def trial(policy: str, opening: str, number: int) -> Row:
        row = dialogue(opening, "It is W7.")
        return {"traj": [{"role": "system", "content": policy}, *row["messages"]], "task_id": number, "reward": 1.0}

    assert task(trial("Retail.", "A refund, please", 5)) == task(trial("Retail.", "I want my money back for a lamp", 5))
    assert task(trial("Retail.", "A refund, please", 5)) != task(trial("Airline.", "A refund, please", 5))
    assert task(trial("Retail.", "A refund, please", 5)) != task(trial("Retail.", "A refund, please", 6))


def test_a_problem_in_the_system_prompt_is_the_task() -> None:
    def begun(policy: str) -> Row:
        return {"messages": [{"role": "system", "content": policy}, *dialogue("Please begin.")["messages"]]}

    assert task(begun("Prove lemma 1.")) != task(begun("Prove lemma 2.")) == task(begun("prove  LEMMA 2"))


def test_a_text_agents_observations_are_no_part_of_the_question() -> None:
    """Attempts of an agent that reads results in user messages would each be a task of its own."""

    def attempt(seen: str) -> Row:
        said = ["What is the tallest tower?", "Action: search", f"Observation: {seen}", "Burj Khalifa"]
        return {"messages": [{"role": ("user", "assistant")[at % 2], "content": one} for at, one in enumerate(said)]}

    assert task(attempt("828 metres")) == task(attempt("Dubai"))


@pytest.mark.slow
def test_a_row_comes_in_once_whatever_the_options(tmp_path: Path) -> None:
    """A second look at a set, with its outcome named or its tools given, must not double its weight in training."""
    lake, rows = Lake(tmp_path / "lake"), [messages_row(n) | {"grade": n / 2} for n in range(3)]
    for row in rows:
        del row["tools"]
    path = written(tmp_path / "set.jsonl", rows)
    assert brought(lake, path, ImportOptions("auto", "imported")).imported == 3
    packed = tmp_path / "copy.jsonl.gz"
    packed.write_bytes(gzip.compress("".join(f"{json.dumps(dict(reversed(row.items())))}\n" for row in rows).encode()))
    with_tools = ImportOptions("messages", "imported", tools=[{"type": "function", "function": SEARCH}])
    graded = ImportOptions("auto", "imported", outcomes=(Named("grade", 0.5),))
    stricter = ImportOptions("auto", "imported", outcomes=(Named("grade", 0.9),))
    notes = []
    options = (
        with_tools,
        graded,
        stricter,
        ImportOptions("anthropic", "other"),
        ImportOptions("auto", "imported", redact=False),
    )
    for one in options:
        counts = brought(lake, packed, one)
        assert (counts.imported, counts.already_there, counts.refused.total()) == (0, 3, 0), one
        notes.append(counts.notes)
    assert notes == [
        {"kept_tools": 3}, {"verdicts_added": 3}, {"verdicts_kept": 1}, {"other_format": 3, "other_domain": 3}, {},
    ]  # fmt: skip
    with connect(lake) as con:
        told = con.execute(
            "select notes from imports where status = 'already_imported' and format = 'anthropic'"
        ).fetchall()
        assert told == [('{"other_domain": 1, "other_format": 1}',)] * 3
        assert con.execute("select count(*) from trajectories").fetchall() == [(3,)]
        assert not {name: rows for name, rows in run_checks(con).items() if rows}


@pytest.mark.slow
def test_a_lake_of_an_earlier_importer_keeps_its_tasks_and_takes_no_row_twice(tmp_path: Path) -> None:
    """Row ids of the first importers cannot be computed any more: whole lakes came in a second time."""
    shutil.unpack_archive(OLD_LAKE, tmp_path)
    lake = Lake(tmp_path / "lake")
    migrate(lake, silent)
    with connect(lake) as con:
        before = con.execute("select task_id, instruction from tasks where composer = 'import' order by 2").fetchall()
    again = written(tmp_path / "again.jsonl", [messages_row(2), messages_row(0), messages_row(1)])
    assert brought(lake, again).already_there == 3
    other = messages_row(1)
    other["messages"][0]["content"] = "who wrote BOOK number 1 of the shelf ?"
    other["messages"][-1]["content"] = "It is Author1."
    assert brought(lake, written(tmp_path / "other.jsonl", [other])).imported == 1
    with connect(lake) as con:
        tasks = con.execute("select task_id, instruction from tasks where composer = 'import' order by 2").fetchall()
        samples = con.execute("select sample from trajectories where task_id = ? order by 1", [before[1][0]]).fetchall()
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
    assert tasks == before
    assert samples == [(0,), (1,)]


@pytest.mark.slow
def test_the_order_of_files_changes_no_task(tmp_path: Path) -> None:
    """Ids that depend on which spelling came first would differ between two teams' lakes."""
    ends = ("Where is W7?", "where is  w7", "WHERE IS W7？", "Cancel W9", "Hi")
    rows = [dialogue("Hello!", end, note=number) for number, end in enumerate(ends)]
    found = []
    for name, order in (("one", rows), ("two", rows[::-1])):
        lake = Lake(tmp_path / name)
        brought(lake, written(tmp_path / f"{name}.jsonl", order))
        with connect(lake) as con:
            found.append(con.execute("select task_id, count(*) from trajectories group by all order by all").fetchall())
    assert found[0] == found[1]
    assert sorted(count for _, count in found[0]) == [1, 1, 3]
