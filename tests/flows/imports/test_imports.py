"""Imported files are untrusted: each row is imported or refused with a reason, and an interrupted import resumes."""

import bz2
import gzip
import json
import lzma
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from flows.cli import app
from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.file_reader import LONGEST_ROW, ImportFailed, rows_of
from flows.imports.formats.conversation import REASONS, Refused
from flows.imports.formats.registry import FORMATS, attempt_of
from flows.imports.importer import Counts, Importer
from flows.publish.release import run_publish
from flows.publish.views.export import export
from flows.publish.views.llama_factory import llama_factory
from flows.settings import Publish, Settings
from schemas import Record
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from tests.doubles.stores.s3 import S3Server
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, LakeError, PartName
from warehouse.query import run_checks

HOW = ImportOptions("messages", "imported")
TOOL = {"name": "search", "parameters": {"type": "object", "properties": {"query": {"type": "string"}}}}


def bring(lake: Lake, path: Path, how: ImportOptions = HOW) -> Counts:
    with connect(lake) as con:
        known = ExistingIds.of(con, datetime.now(UTC))
    return Importer(lake, known, []).import_file(path, path.name, how, silent)


def asked(number: int, answer: str = "") -> dict[str, Any]:
    said = [("user", f"Question {number}?"), ("assistant", answer or f"Answer {number}.")]
    return {"messages": [{"role": role, "content": text} for role, text in said]}


def lines(path: Path, rows: Iterable[Any]) -> Path:
    path.write_bytes(b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows))
    return path


def statuses(lake: Lake) -> list[tuple[int, str]]:
    with connect(lake) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
        return con.execute("select row, status from imports order by all").fetchall()


USER = {"role": "user", "content": "Who?"}
CALLS = {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "name": "search", "arguments": "{}"}]}


@pytest.mark.parametrize(
    ("code", "format", "row"),
    [
        ("not_an_object", "messages", ["messages"]),
        ("no_messages", "messages", {"messages": []}),
        ("no_messages", "messages", {"conversations": [USER]}),
        ("not_json", "toucan", {"messages": "[{'role'"}),
        ("not_unicode", "toucan", {"messages": '[{"role": "user", "content": "\\ud800"}]'}),
        ("bad_message", "messages", {"messages": [USER, None]}),
        ("bad_message", "messages", {"messages": [{"role": None, "content": "x"}]}),
        ("bad_role", "sharegpt", {"conversations": [{"from": "narrator", "value": "x"}]}),
        ("not_text", "messages", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}),
        ("bad_call", "messages", {"messages": [USER, CALLS | {"tool_calls": [{"id": "a", "arguments": "{}"}]}]}),
        ("bad_call", "openseeker", {"trajectory": [{"role": "assistant", "content": "<tool_call>x</tool_call>"}]}),
        (
            "bad_arguments",
            "messages",
            {"messages": [USER, CALLS | {"tool_calls": [{"name": "search", "arguments": "{'q': 1"}]}]},
        ),
        ("bad_tools", "messages", {"messages": [USER], "tools": ["search"]}),
        ("unpaired_call", "messages", {"messages": [USER, CALLS, {"role": "tool", "tool_call_id": "b"}]}),
        ("unpaired_call", "toucan", {"messages": [USER, {"role": "function", "name": "search", "content": "x"}]}),
        ("no_instruction", "messages", {"messages": [{"role": "assistant", "content": "I begin."}]}),
        ("no_agent", "messages", {"messages": [USER]}),
    ],
)
def test_a_row_that_cannot_be_a_trajectory_is_refused_by_name(code: str, format: str, row: Any) -> None:
    """Without a reason code, a broken set looks like a broken reader."""
    with pytest.raises(Refused) as refused:
        attempt_of(row, format)
    assert refused.value.code == code
    assert code in REASONS


WORDS = st.sampled_from(
    [
        "user",
        "assistant",
        "tool",
        "function",
        "human",
        "gpt",
        "agent",
        "system",
        "tool_call",
        "{}",
        "[]",
        "x",
        "<think>a</think>",
        "{'name':'x'}",
        '<tool_call>{"name":"x"}</tool_call>',
        "<tool_response>a</tool_response>",
    ]
)
KEYS = st.sampled_from(
    [
        "messages",
        "conversations",
        "trajectory",
        "steps",
        "tools",
        "available_tools",
        "agent",
        "extra",
        "role",
        "from",
        "content",
        "value",
        "source",
        "message",
        "tool_calls",
        "function_call",
        "name",
        "arguments",
        "recipient",
        "type",
        "observation",
        "results",
        "channel",
        "tool_call_id",
        "function_name",
        "reasoning_content",
        "text",
        "answer",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYS, one, max_size=5), max_leaves=12
)
SAID = st.dictionaries(KEYS, VALUES, max_size=4) | st.fixed_dictionaries(
    {"role": WORDS, "from": WORDS, "source": WORDS, "content": VALUES, "value": WORDS, "message": WORDS},
    optional={"tool_calls": st.lists(VALUES), "observation": st.dictionaries(KEYS, VALUES), "function_call": VALUES},
)
TALK = st.lists(SAID, max_size=5)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(FORMATS)),
    VALUES | st.fixed_dictionaries({"messages": TALK, "conversations": TALK, "trajectory": TALK, "steps": TALK}),
)
def test_whatever_a_row_holds_a_format_reads_it_or_refuses_it(format: str, row: Any) -> None:
    """One malformed row in a million must not end the import."""
    try:
        attempt = attempt_of(row, format)
    except Refused as refused:
        assert refused.code in REASONS
        return
    ids = [call.id for message in attempt.messages for call in message.calls]
    assert all(ids)
    assert {message.answers for message in attempt.messages if message.role == "tool"} <= set(ids)


def test_a_line_that_is_broken_leaves_the_others(tmp_path: Path) -> None:
    """Broken bytes, a truncated last line or one enormous line cost one row, not the set or the memory."""
    enormous = b'{"messages": "' + b"x" * LONGEST_ROW + b'"}\n'
    broken = [b'{"a": "\xff"}\n', b"\n", enormous, b'{"a": "\\ud800"}\n', b"[" * 2000 + b"\n", b'{"messages": [{"ro']
    lake = Lake(tmp_path / "lake")
    said = bring(lake, lines(tmp_path / "set.jsonl", [asked(0), *broken[:4], asked(1), *broken[4:]]))
    assert (said.rows, said.imported) == (7, 2)
    assert statuses(lake) == [
        (0, "imported"),
        (1, "not_unicode"),
        (3, "too_long"),
        (4, "not_unicode"),
        (5, "imported"),
        (6, "not_json"),
        (7, "not_json"),
    ]


def test_a_parquet_file_broken_in_the_middle_gives_the_rows_of_its_whole_groups(tmp_path: Path) -> None:
    """A bad disk block in 100 GB costs its row group only; the lost rows are recorded."""
    path = tmp_path / "set.parquet"
    rows = [asked(n, "word " * 400 + str(n)) for n in range(30)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=10, compression="zstd")
    whole = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(1).column(1).data_page_offset
    whole[start : start + 400] = b"\0" * 400
    path.write_bytes(whole)
    lake = Lake(tmp_path / "lake")
    said = bring(lake, path)
    assert (said.imported, said.refused) == (20, {"damaged": 10})
    assert [row for row, status in statuses(lake) if status == "damaged"] == list(range(10, 20))


def test_parquet_columns_of_other_types_are_refused_row_by_row(tmp_path: Path) -> None:
    """A messages column of bytes or numbers gives refusals, not a traceback or empty trajectories."""
    columns = {"messages": pa.array([b"\xff\x00", None]), "tools": pa.array([1, 2])}
    pq.write_table(pa.table(columns), tmp_path / "set.parquet")
    lake = Lake(tmp_path / "lake")
    assert bring(lake, tmp_path / "set.parquet").refused == {"no_messages": 2}
    text = pa.array([json.dumps(asked(0)["messages"]).encode(), b"\xff\xfe"]).view(pa.string())
    pq.write_table(pa.table({"messages": text}), tmp_path / "text.parquet")
    assert bring(lake, tmp_path / "text.parquet").refused == {"not_unicode": 1}


def test_padding_of_parquet_structs_is_no_argument(tmp_path: Path) -> None:
    """Arrow pads each call with the arguments of all calls: a student would learn to write spurious nulls."""
    calls = [{"id": n, "name": n, "arguments": {n: "x"}} for n in ("a", "b")]
    row = {"messages": [USER, {"role": "assistant", "tool_calls": calls}]}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "set.parquet")
    (raw,) = rows_of(tmp_path / "set.parquet")
    assert [call.arguments for call in attempt_of(raw.value(), "messages").messages[1].calls] == [
        {"a": "x"},
        {"b": "x"},
    ]


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("set.parquet", b"PAR1" + b"\0" * 100, "not a complete Parquet file"),
        ("set.jsonl.zst", b"\x28\xb5\x2f\xfd\0\0", "not a complete zstd file"),
        ("set.jsonl.xz", lzma.compress(b"{}\n" * 99)[:40], "not a complete xz file"),
        ("set.jsonl.bz2", bz2.compress(b"{}\n" * 99)[:30], "not a complete bzip2 file"),
        ("set.zip", b"PK\x03\x04" + b"\0" * 40, "not a complete zip file"),
        ("set.jsonl.gz", gzip.compress(b"{}\n" * 99, mtime=0)[:20], "not a complete gzip file"),
        ("gone.jsonl", None, "cannot read"),
    ],
)
def test_an_unreadable_file_is_an_error(tmp_path: Path, name: str, body: bytes | None, says: str) -> None:
    """Without an error, the file looks like an empty set."""
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(ImportFailed, match=says):
        bring(Lake(tmp_path / "lake"), tmp_path / name)


def test_the_mark_before_a_first_row_and_gzip_cost_no_row(tmp_path: Path) -> None:
    """Files saved by an editor or gzipped by a publisher would lose their first row, or all rows."""
    lake, said = Lake(tmp_path / "lake"), lines(tmp_path / "set.jsonl", [asked(0), asked(1)]).read_bytes()
    (tmp_path / "marked.jsonl").write_bytes(b"\xef\xbb\xbf" + said)
    (tmp_path / "set.jsonl.gz").write_bytes(gzip.compress(said))
    assert bring(lake, tmp_path / "marked.jsonl").imported == 2
    assert bring(lake, tmp_path / "set.jsonl.gz").already_there == 2


@pytest.mark.parametrize(
    ("answer", "written"), [(3.14, "3.14"), (True, "true"), (7, "7"), (2**70, str(2**70)), ("3.10", "3.10")]
)
def test_an_answer_that_is_no_text_is_written_out(tmp_path: Path, answer: Any, written: str) -> None:
    """Sets of mathematics and yes-or-no questions have numbers and booleans as ground truth."""
    (raw,) = rows_of(lines(tmp_path / "set.jsonl", [asked(0) | {"answer": answer}]))
    assert attempt_of(raw.value(), "messages").truth == written


@pytest.mark.parametrize(("said", "passed"), [(True, True), (False, False), ("Correct", True), ("unsure", None)])
def test_openseekers_judgement_is_a_word_or_a_truth_value(said: Any, passed: bool | None) -> None:
    """A judgement that is not read lets a wrong attempt pass the outcome gate as unjudged."""
    row = {"trajectory": [USER, {"role": "assistant", "content": "Zoe"}], "trajectory correctness": said}
    assert attempt_of(row, "openseeker").passed is passed


def test_whole_numbers_stay_what_they_are(tmp_path: Path) -> None:
    """An identifier of twenty digits that becomes 1.2345678901234567e+20 opens another page."""
    lake = Lake(tmp_path / "lake")
    numbers = (2**64 - 1, 2**64)
    calls = [[{"id": "a", "name": "open", "arguments": json.dumps({"page": number})}] for number in numbers]
    rows = [{"messages": [USER, {"role": "assistant", "tool_calls": made}]} for made in calls]
    assert bring(lake, lines(tmp_path / "set.jsonl", rows)).imported == 1
    with connect(lake) as con:
        ((made,),) = con.execute("select tool_calls from turns where role = 'assistant'").fetchall()
        (refused,) = con.execute("select status, detail from imports where row = 1").fetchall()
    assert json.loads(made)[0]["arguments"] == {"page": 2**64 - 1}
    assert refused == ("bad_arguments", "Integer exceeds 64-bit range")


def test_a_call_of_the_older_kind_is_a_call() -> None:
    """A dropped call leaves an empty turn, which teaches the agent to stay silent instead of acting."""
    called = {"role": "assistant", "content": None, "function_call": {"name": "search", "arguments": '{"query": "x"}'}}
    heard = {"role": "function", "name": "search", "content": "Zoe"}
    _, turn, answer = attempt_of({"messages": [USER, called, heard]}, "messages").messages
    assert [(call.name, call.arguments) for call in turn.calls] == [("search", {"query": "x"})]
    assert answer.answers == turn.calls[0].id
    with pytest.raises(Refused) as refused:
        attempt_of({"messages": [USER, called | {"function_call": {"arguments": "{}"}}]}, "messages")
    assert refused.value.code == "bad_call"


def test_our_llama_factory_view_comes_back_in_with_words_beside_calls() -> None:
    """A team that has only the export would lose the turns with both text and calls."""
    calls = [{"id": n, "name": "search", "arguments": {"query": f"</tool_call>{n}"}} for n in ("a", "b")]
    empty = {"content": "", "reasoning_content": None, "tool_calls": None}
    said = [
        USER,
        {"role": "assistant", "content": "I look.", "reasoning_content": "Hm.", "tool_calls": json.dumps(calls)},
    ]
    row = llama_factory({"messages": [empty | message for message in said], "tools": "[]"})
    turn = attempt_of(row, "sharegpt").messages[1]
    assert (turn.content, turn.reasoning) == ("I look.", "Hm.")
    assert [call.arguments for call in turn.calls] == [call["arguments"] for call in calls]


@pytest.mark.parametrize("address", ["s3://bucket", "s3://bucket/", "s3://bucket/folder/"])
def test_an_address_without_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A bucket name alone must not be requested as if it were a file of another bucket."""
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["import", "--format", "messages", address])
    assert said.exit_code == 1
    assert f"{address} is not the address of a file: write s3://bucket/key" in said.output


@pytest.mark.parametrize("address", ["s3://", "s3:///key", "http://host/set.jsonl", "nowhere/*.jsonl"])
def test_an_address_of_no_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A misspelt address must not look like an empty set."""
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["import", address])
    assert (said.exit_code, address in said.output) == (1, True)


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    """An empty day of a crawler is not an error."""
    (tmp_path / "set.jsonl").touch()
    assert bring(Lake(tmp_path / "lake"), tmp_path / "set.jsonl").rows == 0


def test_attempts_at_one_question_become_samples_of_one_task(tmp_path: Path) -> None:
    """One task per attempt would put a question into both splits and leave it without a pass rate."""
    lake = Lake(tmp_path / "lake")
    bring(lake, lines(tmp_path / "seed_42.jsonl", [asked(0, "first"), asked(0, "second"), asked(1)]))
    bring(lake, lines(tmp_path / "seed_43.jsonl", [asked(0, "third"), asked(0, "first")]))
    assert [status for _, status in statuses(lake)] == [
        "imported",
        "imported",
        "already_imported",
        "imported",
        "imported",
    ]
    with connect(lake) as con:
        assert con.execute("select samples from tasks order by all").fetchall() == [(1,), (3,)]


class Cut(Lake):
    """A lake whose process is killed before it writes part n."""

    def __init__(self, root: Path, parts: int) -> None:
        super().__init__(root)
        self.left = parts

    def write(self, model: type[Record], rows: Iterable[Record], name: PartName) -> Path:
        self.left -= 1
        if self.left < 0:
            raise LakeError("killed")
        return super().write(model, rows, name)


@pytest.mark.parametrize("parts", [1, 3, 4])
def test_an_import_that_was_cut_goes_on_with_the_same_ids(tmp_path: Path, parts: int) -> None:
    """A killed import neither duplicates nor loses rows, even with another import in between."""
    root, path = tmp_path / "lake", lines(tmp_path / "set.jsonl", [asked(n % 3, str(n)) for n in range(7)])
    other = lines(tmp_path / "other.jsonl", [asked(0, "other"), asked(0, "3")])
    with pytest.raises(LakeError):
        bring(Cut(root, parts), path)
    bring(Lake(root), other)
    bring(Lake(root), path)
    with connect(Lake(root)) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
        words = "select content from turns where role = 'assistant' order by all"
        assert con.execute(words).fetchall() == [(str(n),) for n in range(7)] + [("other",)]


def test_our_own_releases_come_back_in_word_for_word(tmp_path: Path) -> None:
    """Moving a set to another lake must not lose text, reasoning or calls."""
    home = Settings(home=tmp_path, publish=Publish(to=str(tmp_path / "release"), validation_share=0))
    day = datetime(2026, 1, 2, tzinfo=UTC).date()
    made = make_small_lake(day)
    write_records(Lake(home.lake), day, made)
    write_decisions(Lake(home.lake), day, made, {})
    run_publish(home, day, silent)
    export(tmp_path / "release", "trl", tmp_path / "trl", silent)
    (shard,) = (tmp_path / "release" / "latest" / "data").glob("*.parquet")
    for path in (tmp_path / "trl" / "train.parquet", shard):
        lake = Lake(tmp_path / f"from-{path.stem}")
        said = bring(lake, path)
        assert (said.imported, said.refused) == (pq.read_metadata(shard).num_rows, {})
        with connect(lake) as con, connect(Lake(home.lake)) as ours:
            calls = "regexp_replace(tool_calls, '\"id\": \"[^\"]*\", ', '', 'g')"
            words = (
                "select list((role, coalesce(content, ''), coalesce(reasoning, ''), observation, "
                f"{calls}, tool_call_id, tool) order by index)::varchar as said, trajectory_id from turns"
            )
            kept = f"from ({words} group by trajectory_id) semi join trajectories using (trajectory_id)"
            ours.execute(f"create temp table kept as {kept} semi join decisions using (trajectory_id)")
            was = ours.execute("select said from kept order by all").fetchall()
            assert con.execute(f"select said {kept} order by all").fetchall() == was


def test_openresearchers_fragments_become_one_turn(tmp_path: Path) -> None:
    """The set splits reasoning, call and answer into separate messages, which no chat template accepts."""
    tools = {"browser": {"tools": [{"name": "search", "parameters": {"type": "object"}}]}}
    said = [
        {"role": "system", "content": [{"type": "system_content", "model_identity": "You browse.", "tools": tools}]},
        {"role": "user", "content": [{"type": "text", "text": "Which river?"}]},
        {"role": "assistant", "channel": "analysis", "content": [{"type": "text", "text": "Look."}]},
        {"role": "assistant", "channel": "commentary", "recipient": "browser.search", "content": '{"query": "river"}'},
        {"role": "tool", "name": "browser.search", "content": [{"type": "text", "text": "The Tamber."}]},
        {"role": "assistant", "channel": "analysis", "content": "Clear."},
        {
            "role": "assistant",
            "channel": "final",
            "content": "Explanation: so.\n\nExact Answer: Tamber\n\nConfidence: 9%",
        },
    ]
    attempt = attempt_of({"question": "Which river?", "answer": "Tamber", "messages": said}, "openresearcher")
    assert [message.role for message in attempt.messages] == ["system", "user", "assistant", "tool", "assistant"]
    look, heard, final = attempt.messages[2:]
    assert (look.reasoning, look.calls[0].name, look.calls[0].arguments) == (
        "Look.",
        "browser.search",
        {"query": "river"},
    )
    assert heard.answers == look.calls[0].id
    assert (final.reasoning, attempt.final_answer, attempt.truth) == ("Clear.", "Tamber", "Tamber")
    assert attempt.tools == [
        {"type": "function", "function": tools["browser"]["tools"][0] | {"name": "browser.search"}}
    ]


def test_the_command_takes_files_and_buckets(tmp_path: Path, quick: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many sets live in buckets; a new user relies on the command's last line."""
    for name, value in quick.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "set.jsonl", [asked(0)])
    (tmp_path / "tools.json").write_text(json.dumps([TOOL]))
    quick.client().create_bucket(Bucket="sets")
    quick.client().put_object(Bucket="sets", Key="a/far.jsonl", Body=json.dumps(asked(1)).encode())
    told = ["--format", "messages", "--tools", "tools.json", "--accepted", "--license", "mit"]
    files = ["set.jsonl", "s3://sets/a/far.jsonl", "--endpoint-url", quick.endpoint]
    said = CliRunner().invoke(app, ["import", *told, *files])
    assert said.exit_code == 0, said.output
    assert "set.jsonl: 1 rows, 1 imported, 0 already there, 0 refused" in said.output
    assert "s3://sets/a/far.jsonl: 1 rows, 1 imported" in said.output
    with connect(Lake(tmp_path / "lake")) as con:
        assert con.execute("select distinct license from imports").fetchall() == [("mit",)]
        assert con.execute("select tools from trajectories").fetchall()[0][0].count('"search"') == 1
        assert con.execute("select verifier, passed, count(*) from verdicts group by all").fetchall() == [
            ("source", True, 2)
        ]
    assert not list((tmp_path / "state" / "import").iterdir())
    assert CliRunner().invoke(app, ["import", "--format", "messages", "gone.jsonl"]).exit_code == 1
