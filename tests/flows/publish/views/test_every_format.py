"""Every published format goes through import, refine, publish and every view, and each view holds what the format held.

`CANNOT` lists, per view, what its trainer's format has no place for; everything else must come out as it went in.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.domains.search.verifiers import CONTAINS_ANSWER
from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.formats.conversation import Attempt, Message
from flows.imports.formats.registry import attempt_of
from flows.imports.importer import Importer
from flows.imports.problem import OWN_IDS
from flows.imports.to_rows import notes_of
from flows.publish.build.licenses import EVERY_LICENSE
from flows.publish.release import run_publish
from flows.publish.views.export import export
from flows.publish.views.registry import LAKE_VIEWS, RELEASE_VIEWS, load_lake_view
from flows.refine.decide import run_refine
from flows.refine.gates.gates import load_gates
from flows.settings import Publish, Refine, Settings
from tests.doubles.teachers import tiny_tokenizer
from tests.flows.imports.published import ROWS
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

Row = dict[str, Any]
WRONG = "I could not find it out at all."
FIELDS = ("role", "content", "reasoning", "calls", "answers", "tool", "trainable")
NO_IDS = "results follow their calls in order, without ids"
CANNOT: dict[str, dict[str, str]] = {
    "trl": {"trainable": "TRL masks by role"},
    "verl": {},
    "prime-rl": {},
    "ms-swift": {"answers": NO_IDS, "tool": NO_IDS},
    "llama-factory": {"answers": NO_IDS, "tool": NO_IDS, "trainable": "the loss covers every turn of the model"},
    "inspect": {"trainable": "a log is read, not trained on"},
    "atif": {"tool": "a result names its call, and the call its tool"},
    "preference": {},
    "trl-preference": {"trainable": "DPO compares whole continuations"},
}
"""View -> field that its format has no place for, and what it has in its place."""
READ_AS = {"inspect": "inspect", "ms-swift": "toucan", "llama-factory": "sharegpt", "atif": "atif"}
"""Format that reads a view back; the others are read as messages."""


@dataclass(frozen=True)
class Made:
    """A lake with every format, its release, and the attempt that each trajectory came from."""

    home: Settings
    attempts: dict[str, Attempt]


def wrong_attempt(attempt: Attempt) -> Row:
    """A failed attempt at the same task: the same conversation, another last answer."""
    messages = [as_openai(one) for one in attempt.messages]
    at = max(at for at, one in enumerate(messages) if one["role"] == "assistant")
    same = {name: attempt.metadata[name] for name in OWN_IDS if name in attempt.metadata}
    same |= {"answer": attempt.truth, "tools": attempt.tools}
    return {"messages": [*messages[:at], {"role": "assistant", "content": WRONG}], "resolved": False} | same


def as_openai(message: Message) -> Row:
    """A message in OpenAI's form."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
        for call in message.calls
    ]
    ids = {"tool_call_id": message.answers} if message.answers else {}
    return {"role": message.role, "content": message.content} | ({"tool_calls": calls} if calls else {}) | ids


def files(folder: Path) -> Iterator[Path]:
    """One log per session, one file with all other rows and a failed attempt at each of their tasks."""
    lines: list[Row] = []
    for number, one in enumerate(ROWS):
        lines.append(wrong_attempt(attempt_of(one.row, one.format)))
        if "events" not in one.row:
            lines.append(one.row)
            continue
        path = folder / f"session_{number}.jsonl"
        path.write_text("".join(f"{json.dumps(event)}\n" for event in one.row["events"]))
        yield path
    (folder / "set.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    yield folder / "set.jsonl"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Gates that judge the content only advise: this is about the line, and rows of a test are not good attempts."""
    folder = tmp_path_factory.mktemp("formats")
    advisory = [gate.name for gate in load_gates(Settings(home=folder)) if gate.name not in ("structure", "outcome")]
    student = Publish(
        to=str(folder / "release"), validation_share=0, student=tiny_tokenizer.save(folder / "qwen3"),
        student_renderer="qwen3",
    )  # fmt: skip
    home = Settings(home=folder, publish=student, refine=Refine(advisory_gates=advisory))
    lake = Lake(home.lake)
    for path in files(folder):
        with connect(lake) as con:
            known = ExistingIds.of(con, datetime.now(UTC))
        options = ImportOptions("auto", "imported", accepted=True)
        counts = Importer(lake, known, [CONTAINS_ANSWER]).import_file(path, path.name, options, silent)
        assert (counts.imported, counts.refused) == (counts.rows, {})
    today = datetime.now(UTC).date()
    assert run_refine(home, today, silent)["kept"] == len(ROWS)
    run_publish(home, today, silent)
    return Made(home, dict(_origins(lake)))


def _origins(lake: Lake) -> Iterator[tuple[str, Attempt]]:
    """Trajectory -> the attempt of its published row, found by its conversation."""
    with connect(lake) as con:
        said = con.execute(
            "select trajectory_id, list(coalesce(content, observation) order by index) from turns group by all"
        ).fetchall()
    by_text = {tuple(texts): name for name, texts in said}
    for one in ROWS:
        attempt = attempt_of(one.row, one.format)
        yield by_text[tuple(message.content for message in attempt.messages)], attempt


def fields_of(message: Message) -> Row:
    """A message by field; a result's tool is its call's."""
    trains = message.role == "assistant" and message.weight != 0
    calls = [(call.name, call.arguments) for call in message.calls]
    values = (message.role, message.content, message.reasoning or "", calls, message.answers, message.name, trains)
    return dict(zip(FIELDS, values, strict=True))


def common(messages: tuple[Message, ...], view: str) -> list[Row]:
    """The messages by the fields that a view can hold."""
    ordered = in_call_order(messages) if "answers" in CANNOT[view] else messages
    held = [{key: value for key, value in fields_of(one).items() if key not in CANNOT[view]} for one in ordered]
    return list(alternating(held)) if view == "llama-factory" else held


def in_call_order(messages: tuple[Message, ...]) -> list[Message]:
    """The messages, each result at the place of its call among the results of its turn."""
    place = {call.id: at for one in messages for at, call in enumerate(one.calls)}
    turns = accumulate(one.role != "tool" for one in messages)
    keys = [(turn, one.role == "tool", place.get(one.answers, 0)) for turn, one in zip(turns, messages, strict=True)]
    return [messages[at] for at in sorted(range(len(messages)), key=keys.__getitem__)]


def alternating(messages: list[Row]) -> Iterator[Row]:
    """Messages as LLaMA-Factory demands them: the two sides in turn, and the system prompt first."""
    held: Row | None = None
    first = next(one for one in messages if one["role"] != "system")
    if first["role"] == "assistant":
        empty = {"role": "user", "content": "", "reasoning": "", "calls": []}
        messages = [one for one in messages for one in ([empty, one] if one is first else [one])]
    for at, one in enumerate(messages):
        message = one | {"role": "user"} if one["role"] == "system" and at else one
        if held and held["role"] == message["role"] != "tool":
            held = held | {"content": "\n\n".join(filter(None, (held["content"], message["content"])))}
            continue
        if held:
            yield held
        held = message
    if held:
        yield held


def exported(made: Made, view: str, out: Path) -> list[Row]:
    """All rows of a view of the release."""
    export(Path(made.home.publish.to), view, out, silent)
    (path,) = out.glob("train.*")
    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as log:
            return [json.loads(log.read(name)) for name in log.namelist() if name.startswith("samples/")]
    if path.suffix == ".parquet":
        rows: list[Row] = pq.read_table(path).to_pylist()
        return rows
    return [json.loads(line) for line in path.read_text().splitlines()]


def read_back(row: Row, view: str) -> Attempt:
    """A view's row, read as the format that it is written in."""
    return attempt_of(
        {key: value for key, value in row.items() if key != "tools"} | _tools(row), READ_AS.get(view, "messages")
    )


def _tools(row: Row) -> Row:
    return {"tools": row["tools"]} if isinstance(row.get("tools"), str) else {}


@pytest.mark.slow
@pytest.mark.parametrize("view", RELEASE_VIEWS)
def test_a_view_of_the_release_holds_every_field_of_every_format(made: Made, view: str, tmp_path: Path) -> None:
    """A field that a view loses is missing from training, which shows only in a worse student."""
    written = exported(made, view, tmp_path / view)
    if view == "llama-factory":
        sides = [[turn["from"] in ("gpt", "function_call") for turn in row["conversations"]] for row in written]
        assert all(turns == [False, True] * (len(turns) // 2) for turns in sides)
    rows = [read_back(row, view) for row in written]
    expected = {json.dumps(common(one.messages, view)): one for one in made.attempts.values()}
    found = {json.dumps(common(one.messages, view)): one for one in rows}
    assert len(rows) == len(expected)
    assert sorted(found) == sorted(expected)
    for key, attempt in expected.items():
        if view not in ("verl", "inspect"):
            assert found[key].tools == attempt.tools


@pytest.mark.slow
def test_the_lake_holds_verdicts_notes_and_every_other_field_of_a_row(made: Made) -> None:
    """A release is filtered by these: a lost verdict publishes a failure, a lost field cannot be asked for again."""
    with connect(Lake(made.home.lake)) as con:
        logged = con.execute("select trajectory_id, notes, metadata from imports").fetchall()
        judged = con.execute("select trajectory_id, verifier, passed from verdicts").fetchall()
    kept = {name: (json.loads(notes or "{}"), json.loads(metadata or "{}")) for name, notes, metadata in logged}
    for name, attempt in made.attempts.items():
        assert kept[name] == (dict(notes_of(attempt)), json.loads(json.dumps(attempt.metadata)))
        verdicts = {verifier: passed for trajectory, verifier, passed in judged if trajectory == name}
        for outcome in attempt.outcomes:
            assert verdicts.get(outcome.column) == outcome.passed


@pytest.mark.slow
@pytest.mark.parametrize("view", LAKE_VIEWS)
def test_a_view_of_the_lake_holds_every_format(made: Made, view: str, tmp_path: Path) -> None:
    """Pairs and tasks come from failed attempts too; a format that they lack trains on half of its set."""
    out = tmp_path / "rows.parquet"
    with connect(Lake(made.home.lake)) as con:
        load_lake_view(view).write(con, Lake(made.home.lake), 1, out, silent, EVERY_LICENSE)
        tasks = dict(con.execute("select trajectory_id, task_id from trajectories").fetchall())
    rows = {row["task_id"]: row for row in pq.read_table(out).to_pylist()}
    if view == "rl":
        with_truth = {tasks[name]: one.truth for name, one in made.attempts.items() if one.truth and _solved(one)}
        assert {task: row["answer"] for task, row in rows.items()} == with_truth
        return
    for name, attempt in made.attempts.items():
        row = rows[tasks[name]]
        chosen = row["chosen_messages"] if view == "preference" else row["prompt"] + row["chosen"]
        rejected = row["rejected_messages"] if view == "preference" else row["rejected"]
        assert common(_spoken(chosen), view) == common(attempt.messages, view)
        assert rejected[-1]["content"] == WRONG
        assert [tool["function"]["name"] for tool in json.loads(row["tools"])] == [
            tool["function"]["name"] for tool in attempt.tools
        ]


def _solved(attempt: Attempt) -> bool:
    """True if the factory's verifier finds the ground truth in the answer."""
    last = attempt.messages[-1]
    answer = attempt.final_answer or ("" if last.calls else last.content)
    return str(attempt.truth).lower().removeprefix("the ") in answer.lower()


def _spoken(messages: list[Row]) -> tuple[Message, ...]:
    return attempt_of({"messages": messages}, "messages").messages
