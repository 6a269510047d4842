"""Imported sets through the whole line: every row is counted once, and rows that pass are released like rollouts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.domains.search.verifiers import CONTAINS_ANSWER, EXACT_MATCH
from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.importer import Counts, Importer
from flows.publish.release import run_publish
from flows.publish.views.export import export
from flows.refine.decide import run_refine
from flows.settings import Publish, Settings
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

SEARCH = {
    "name": "search",
    "description": "Search the shelf.",
    "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
}
CALLED = '<tool_call>{"name": "search", "arguments": {"query": "who"}}</tool_call>'
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["role", "content", "x"]), inner),
    max_leaves=6,
)
ROW = st.dictionaries(
    st.sampled_from(["messages", "conversations", "trajectory", "steps", "tools", "answer", "question"]), JUNK
)


def brought(lake: Lake, path: Path, format: str = "messages") -> Counts:
    with connect(lake) as con:
        known = ExistingIds.of(con, datetime.now(UTC))
    return Importer(lake, known, [EXACT_MATCH, CONTAINS_ANSWER]).import_file(
        path, path.name, ImportOptions(format, "imported", "mit"), silent
    )


def messages_row(number: int) -> dict[str, Any]:
    """A conversation in OpenAI's format, with its ground truth."""
    call: dict[str, Any] = {"id": f"c{number}", "type": "function"}
    call["function"] = {"name": "search", "arguments": json.dumps({"query": f"writer of book {number}"})}
    said = [
        {"role": "user", "content": f"Who wrote book number {number} of the shelf?"},
        {"role": "assistant", "content": "I look for it.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": f"Book {number} is by Author{number}, 1900."},
        {"role": "assistant", "content": f"Author{number}"},
    ]
    return {"messages": said, "tools": [{"type": "function", "function": SEARCH}], "answer": f"Author{number}"}


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.slow
def test_an_imported_set_is_refined_released_and_comes_back_in(tmp_path: Path) -> None:
    """Teams with an existing set need the same gates for it, and must be able to move it between lakes."""
    home = Settings(home=tmp_path, publish=Publish(to=str(tmp_path / "release"), validation_share=0))
    rows = [messages_row(n) for n in range(5)]
    said = brought(Lake(home.lake), written(tmp_path / "set.jsonl", [*rows, "{broken", [], {"messages": None}]))
    assert (said.rows, said.imported, said.already_there) == (8, 5, 0)
    assert said.refused == {"not_json": 1, "not_an_object": 1, "no_messages": 1}
    today = datetime.now(UTC).date()
    assert run_refine(home, today, silent)["kept"] == 5
    assert run_publish(home, today, silent)["rows"] == 5
    export(tmp_path / "release", "atif", tmp_path / "atif", silent)
    (file,) = (tmp_path / "atif").glob("train*.jsonl")
    again = brought(Lake(tmp_path / "other"), file, "atif")
    assert (again.rows, again.imported) == (5, 5)
    with connect(Lake(home.lake)) as con, connect(Lake(tmp_path / "other")) as other:
        words = (
            "select trajectory_id, string_agg(coalesce(content, observation), '|' order by index) as said from turns"
        )
        asked = f"select said from ({words} group by all) order by all"
        assert con.execute(asked).fetchall() == other.execute(asked).fetchall()


def test_the_same_rows_come_in_once(tmp_path: Path) -> None:
    """A file imported twice, or split differently, must not count twice in training."""
    lake = Lake(tmp_path / "lake")
    rows = [messages_row(n) for n in range(4)]
    assert brought(lake, written(tmp_path / "one.jsonl", rows)).imported == 4
    assert brought(lake, tmp_path / "one.jsonl").already_there == 4
    assert brought(lake, written(tmp_path / "two.jsonl", [*rows[2:], messages_row(9)])).imported == 1
    with connect(lake) as con:
        assert con.execute("select count(*), count(distinct trajectory_id) from trajectories").fetchall() == [(5, 5)]


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    st.lists(ROW | JUNK.filter(lambda row: not isinstance(row, list)), min_size=1, max_size=8),
    st.sampled_from(["messages", "atif", "sharegpt", "toucan"]),
)
def test_every_row_that_was_read_is_accounted_for(rows: list[Any], format: str) -> None:
    """Conservation: no row vanishes without a reason."""
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        said = brought(lake, written(Path(folder) / "set.jsonl", [json.dumps(row) for row in rows]), format)
        assert said.rows == len(rows) == said.imported + said.already_there + said.refused.total()
        with connect(lake) as con:
            counted = con.execute("select count(*), count(distinct row) from imports").fetchall()
            assert counted == [(len(rows), len(rows))]
            assert con.execute("select count(*) from trajectories").fetchall() == [(said.imported,)]


@pytest.mark.parametrize(
    ("format", "row"),
    [
        ("sharegpt", {"conversations": [{"from": "human", "value": "Who?"}, {"from": "gpt", "value": "Zoe"}]}),
        (
            "openseeker",
            {
                "question": "Who?",
                "answer": "Zoe",
                "trajectory correctness": "correct",
                "trajectory": [
                    {"role": "user", "content": "Who?"},
                    {
                        "role": "assistant",
                        "content": f"<think>hm</think>{CALLED}",
                    },
                    {"role": "user", "content": "<tool_response>Zoe it is</tool_response>"},
                    {"role": "assistant", "content": "<think>so</think><answer>Zoe</answer>"},
                ],
            },
        ),
        (
            "toucan",
            {
                "available_tools": json.dumps([{"type": "function", "function": SEARCH}]),
                "messages": json.dumps(
                    [
                        {"role": "user", "content": "Who?"},
                        {"role": "assistant", "function_call": {"name": "search", "arguments": '{"query": "who"}'}},
                        {"role": "function", "name": "search", "content": "Zoe it is"},
                        {"role": "assistant", "content": "Zoe"},
                    ]
                ),
            },
        ),
    ],
)
def test_each_published_format_is_read(tmp_path: Path, format: str, row: dict[str, Any]) -> None:
    """Sets write tool calls differently; a misread call teaches the student to write calls as plain text."""
    lake = Lake(tmp_path / "lake")
    assert brought(lake, written(tmp_path / "set.jsonl", [row]), format).imported == 1
    with connect(lake) as con:
        ((answer, calls),) = con.execute("select answer, n_tool_calls from trajectories").fetchall()
    assert (answer, calls) == ("Zoe", 0 if format == "sharegpt" else 1)


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    """A truncated Parquet file must not become a half-imported set that looks complete."""
    from flows.imports.file_reader import ImportFailed

    (tmp_path / "set.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(ImportFailed, match=r"set\.parquet"):
        brought(Lake(tmp_path / "lake"), tmp_path / "set.parquet")
