"""Reparsing: the lake's turns never change, and differing parses are stored as rows of `reparses`."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.commands.rollout import app
from flows.rollout.dialects.chat import ChatDialect
from flows.rollout.reparse import ReparseCounts, Reparser
from flows.rollout.run import run_rollout
from flows.settings import Settings, Teacher
from schemas import Reparse, Trajectory, Turn, arrow_schema
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import agent_reply, assistant_turns, fake_vllm
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY = date(2026, 1, 2)
DIALECT = ChatDialect(tiny.tiny_tokenizer(), "qwen3")


def reply(prompt: list[int], body: dict[str, Any]) -> str:
    """Searches, writes an unreadable call, searches again and answers."""
    return "<tool_call>{oops</tool_call>" if assistant_turns(prompt) == 2 else agent_reply(prompt, body, 4)


@pytest.fixture(scope="module")
def rolled_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    with fake_vllm(reply=reply) as fake:
        tokenizer = str(tiny.save(folder / "tokenizer"))
        chosen = Teacher(
            engine="vllm", urls=[fake.url], tokenizer=tokenizer, renderer="qwen3", max_completion_tokens=500
        )
        settings = Settings(home=folder, teacher=chosen)
        write_wiki_tasks(Lake(settings.lake), DAY, 2, samples=2)
        run_rollout(settings, DAY, silent)
    return settings.lake


@pytest.fixture
def lake(rolled_out: Path, tmp_path: Path) -> Lake:
    copy = Lake(tmp_path / "lake")
    for model in (Trajectory, Turn):
        for path in Lake(rolled_out).parts(model):
            name = PartName(DAY, "rollout", int(path.stem[-6:]))
            copy.write_table(model, pq.read_table(path, partitioning=None), name)
    return copy


@pytest.fixture
def con(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(lake) as opened:
        yield opened


async def reparse(
    lake: Lake, con: duckdb.DuckDBPyConnection, day: date | None = None, *, dry: bool = False
) -> ReparseCounts:
    return await Reparser(DIALECT, lake, con).reparse(day, silent, dry=dry)


def change_turns(lake: Lake, **columns: str | Callable[[str], str] | None) -> None:
    """Change columns of every first assistant turn, as an older parser would have written them."""
    for path in lake.parts(Turn):
        rows = pq.read_table(path, partitioning=None).to_pylist()
        for row in rows:
            if row["index"] == 2:
                row |= {name: value(row[name]) if callable(value) else value for name, value in columns.items()}
        turns = pa.Table.from_pylist(rows, schema=arrow_schema(Turn))
        lake.write_table(Turn, turns, PartName(DAY, "rollout", int(path.stem[-6:])))


@pytest.mark.slow
async def test_the_same_parser_finds_nothing_to_change(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """For all kinds of turns, failed ones included, the stored parse equals a new parse of the ids."""
    found = await reparse(lake, con)
    assert (found.turns, found.changed, found.skipped) == (16, {}, {})
    assert not lake.parts(Reparse)


@pytest.mark.slow
async def test_changed_parses_are_stored_beside_the_turns(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    change_turns(lake, parse="invalid_json", tool_calls=None, content="turn 1")
    before = [path.read_bytes() for path in lake.parts(Turn)]
    assert (await reparse(lake, con, dry=True)).changed == {("invalid_json", "ok"): 4}
    assert not lake.parts(Reparse)
    assert (await reparse(lake, con)).changed == {("invalid_json", "ok"): 4}
    assert [path.read_bytes() for path in lake.parts(Turn)] == before
    assert not (await reparse(lake, con)).changed, "a second reparse writes nothing"
    assert len(lake.parts(Reparse)) == 1
    read = con.sql("select parse, tool_calls, content from turns_reparsed where index = 2").fetchall()
    assert {row[0] for row in read} == {"ok"}
    assert all(json.loads(row[1])[0]["name"] == "search" for row in read)
    assert con.sql("select distinct parse from turns where index = 2").fetchall() == [("invalid_json",)]
    assert con.sql("select count(*) from turns_reparsed").fetchall() == con.sql("select count(*) from turns").fetchall()


async def test_a_return_to_the_first_parse_is_stored(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """The newest reparse counts, even if it equals the original parse."""
    change_turns(lake, parse="invalid_json", tool_calls=None, content="turn 1")
    await reparse(lake, con)
    change_turns(lake, parse="empty")
    [part] = lake.parts(Reparse)
    wrong = pq.read_table(part, partitioning=None)
    at = wrong.schema.get_field_index("parse")
    wrong = wrong.set_column(at, wrong.schema.field(at), pa.array(["unknown_tool"] * wrong.num_rows))
    lake.write_table(Reparse, wrong, PartName(DAY, "reparse", 0))
    assert (await reparse(lake, con)).changed == {("unknown_tool", "ok"): 4}
    assert con.sql("select distinct parse from turns_reparsed where index = 2").fetchall() == [("ok",)]
    assert con.sql("select count(*) from reparses").fetchall() == [(4,)]


async def test_unchanged_calls_keep_the_ids_to_which_their_results_refer(
    lake: Lake, con: duckdb.DuckDBPyConnection
) -> None:
    def renamed(calls: str) -> str:
        return json.dumps([call | {"id": "mine"} for call in json.loads(calls)])

    change_turns(lake, tool_calls=renamed)
    assert not (await reparse(lake, con)).changed
    change_turns(lake, reasoning="turn")
    assert (await reparse(lake, con)).changed == {("ok", "ok"): 4}
    [part] = lake.parts(Reparse)
    rows = pq.read_table(part, partitioning=None).to_pylist()
    assert {(row["reasoning"], json.loads(row["tool_calls"])[0]["id"]) for row in rows} == {("turn 1", "mine")}


def test_the_command_counts_what_changed_and_needs_no_server(
    lake: Lake, rolled_out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_turns(lake, parse="invalid_json", tool_calls=None, content="turn 1")
    monkeypatch.chdir(lake.root.parent)
    monkeypatch.setenv("FACTORY_TEACHER__TOKENIZER", str(rolled_out.parent / "tokenizer"))
    monkeypatch.setenv("FACTORY_TEACHER__RENDERER", "qwen3")
    result = CliRunner().invoke(app, ["reparse", "--date", DAY.isoformat(), "--dry-run"])
    assert result.exit_code == 0, result.output
    assert "16 turns parsed, 4 changed (nothing was written)" in result.output
    assert "invalid_json -> ok  4" in result.output
    monkeypatch.delenv("FACTORY_TEACHER__TOKENIZER")
    assert "set teacher.tokenizer" in CliRunner().invoke(app, ["reparse"]).output


async def test_other_days_and_ids_of_another_tokenizer_are_skipped(lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
    """Decoded with the wrong vocabulary, all turns of a lake would get wrong parses at once."""
    assert (await reparse(lake, con, date(2025, 1, 1))).turns == 0
    change_turns(lake, content="words of another vocabulary", reasoning=None)
    found = await reparse(lake, con)
    assert found.skipped["another tokenizer"] == 4
    assert not found.changed
