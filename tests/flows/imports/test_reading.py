"""Files as they are published: compressed, indented, one array, many in a folder, in a bucket or on the Hub."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from flows.cli import app
from flows.imports.file_reader import rows_of
from flows.imports.formats.conversation import Refused
from flows.imports.reading.json_documents import json_values
from tests.doubles.stores.hub import REPO, fake_hub
from tests.doubles.stores.s3 import S3Server


def row(number: int) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": f'Q "{number}" \\ }}]'}, {"role": "assistant", "content": "é"}]}


ROWS = [row(n) for n in range(3)]
LINES = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in ROWS).encode()


def values(path: Path) -> list[tuple[int, Any]]:
    return [(raw.row, raw.content.code if isinstance(raw.content, Refused) else raw.value()) for raw in rows_of(path)]


@pytest.mark.parametrize("name", ["plain", "gz", "bz2", "xz", "zst"])
def test_a_file_is_read_whatever_its_compression(tmp_path: Path, name: str) -> None:
    """A set that must be unpacked first takes twice the disk, and a step that people forget."""
    path = tmp_path / f"set.jsonl.{name}"
    packed = {
        "plain": LINES,
        "gz": gzip.compress(LINES),
        "bz2": bz2.compress(LINES),
        "xz": lzma.compress(LINES),
        "zst": pa.compress(LINES, "zstd", asbytes=True),
    }
    path.write_bytes(packed[name])
    assert values(path) == list(enumerate(ROWS))


def test_a_zip_is_read_member_by_member_and_an_eval_archive_by_its_samples(tmp_path: Path) -> None:
    """Inspect's archives hold journals and summaries beside the samples."""
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("b.jsonl", json.dumps(ROWS[2]))
        archive.writestr("a.jsonl", json.dumps(ROWS[0]) + "\n" + json.dumps(ROWS[1]))
    assert values(tmp_path / "set.zip") == list(enumerate(ROWS))
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        archive.writestr("header.json", json.dumps({"version": 2}))
        archive.writestr("samples/1_epoch_1.json", json.dumps(ROWS[1]))
    assert values(tmp_path / "log.eval") == [(0, ROWS[1])]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_and_an_indented_document_are_rows(tmp_path: Path, indent: int | None) -> None:
    """Trajectory files are one indented object each; line by line they are only broken rows."""
    (tmp_path / "all.json").write_text("\ufeff" + json.dumps(ROWS, indent=indent), "utf-8")
    assert values(tmp_path / "all.json") == list(enumerate(ROWS))
    (tmp_path / "one.json").write_text(json.dumps(ROWS[0], indent=indent))
    assert values(tmp_path / "one.json") == [(0, ROWS[0])]
    (tmp_path / "two.json").write_text("\n".join(json.dumps(one, indent=2) for one in ROWS))
    assert values(tmp_path / "two.json") == list(enumerate(ROWS))


def test_an_evaluation_log_is_one_row_per_sample(tmp_path: Path) -> None:
    """A log of a thousand samples in one document must not become one refused row."""
    log = {"version": 2, "eval": {"model": "m/i"}, "samples": [{"id": 1}, {"id": 2}]}
    (tmp_path / "log.json").write_text(json.dumps(log, indent=2))
    assert values(tmp_path / "log.json") == [(0, {"id": 1, "model": "m/i"}), (1, {"id": 2, "model": "m/i"})]


def test_rows_that_only_resemble_documents_stay_rows(tmp_path: Path) -> None:
    """A broken first line must cost one row, not turn the file into one document."""
    bare = ROWS[0]["messages"]
    (tmp_path / "set.jsonl").write_bytes(b'{"cut": "of\n' + LINES)
    assert [content for _, content in values_or_codes(tmp_path / "set.jsonl")] == ["not_json", *ROWS]
    (tmp_path / "bare.jsonl").write_text("".join(json.dumps(bare) + "\n" for _ in range(2)))
    assert values(tmp_path / "bare.jsonl") == [(0, bare), (1, bare)]


def values_or_codes(path: Path) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    for raw in rows_of(path):
        try:
            found.append((raw.row, raw.value()))
        except Refused as refusal:
            found.append((raw.row, refusal.code))
    return found


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=3), one, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), min_size=1, max_size=4), st.integers(1, 9))
def test_values_are_found_wherever_a_read_ends(rows: list[Any], size: int) -> None:
    """A string or an escape cut by the end of a read must not open or close a value."""

    class Small:
        def __init__(self, text: bytes) -> None:
            self.text = text

        def read(self, _: int) -> bytes:
            head, self.text = self.text[:size], self.text[size:]
            return head

    text = json.dumps(rows, indent=1, ensure_ascii=False).encode()
    found = [content for _, content in json_values(Small(text), in_array=True, longest=10_000)]  # type: ignore[arg-type]
    assert [json.loads(one) for one in found if isinstance(one, bytes)] == rows


def test_a_value_too_long_and_one_cut_off_are_refused_alone(tmp_path: Path) -> None:
    """One enormous element must not fill the memory, nor hide those after it."""
    text = b'[{"a": 1}, {"b": "' + b"x" * 500 + b'"}, null, {"c": [1'
    found = [
        one.code if isinstance(one, Refused) else one
        for _, one in json_values(io.BytesIO(text), in_array=True, longest=100)
    ]
    assert found == [b'{"a": 1}', "too_long", b"null", b'{"c": [1']


@pytest.mark.slow
def test_the_command_takes_folders_patterns_buckets_and_the_hub(
    tmp_path: Path, quick: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sets come as folders of files; naming each is how one is forgotten."""
    for name, value in quick.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.traj.json").write_text(json.dumps(ROWS[0], indent=2))
    (folder / "notes.txt").write_text("not a row")
    (tmp_path / "runs" / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(ROWS[1]).encode()))
    quick.client().create_bucket(Bucket="folders")
    for key in ("a/x.jsonl", "a/y.jsonl"):
        quick.client().put_object(Bucket="folders", Key=key, Body=json.dumps(ROWS[2]).encode())
    told = ["import", "runs", "runs/*.gz", "s3://folders/a/*.jsonl", "--endpoint-url", quick.endpoint]
    said = CliRunner().invoke(app, told)
    assert said.exit_code == 0, said.output
    assert said.output.count(" already there, ") == 4
    assert "s3://folders/a/y.jsonl: 1 rows, 0 imported, 1 already there" in said.output
    assert CliRunner().invoke(app, ["import", "empty-*.jsonl"]).exit_code == 1


def test_a_set_of_the_hub_is_read_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most published sets are on the Hub; downloading by hand is where versions are mixed up."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with fake_hub("hf_right") as hub:
        hub.commit({"README.md": b"# card", "train.jsonl": LINES, "data/more.jsonl": json.dumps(row(9)).encode()})
        address = f"hf://datasets/{REPO}"
        said = CliRunner().invoke(app, ["import", address, "--endpoint-url", hub.endpoint])
        assert said.exit_code == 0, said.output
        assert f"{address}/train.jsonl: 3 rows, 3 imported" in said.output
        assert f"{address}/data/more.jsonl: 1 rows, 1 imported" in said.output
