"""The Parquet source: rows by the columns of the settings, rows without urls, bad rows, damage, and buckets."""

from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from tests.flows.crawl.nights import FIRST, SECOND, by_name, night, settings_of, survives_kills, tally

WORDS = "The ferry crosses the sound in forty minutes and carries at most three hundred passengers. " * 3
GERMAN = "Die Fähre überquert den Sund in vierzig Minuten und nimmt höchstens dreihundert Gäste mit. " * 3


def _write(path: Path, rows: list[dict[str, object]], group_rows: int = 1_000) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group_rows)


def test_columns_of_the_settings_become_documents(tmp_path: Path) -> None:
    """Data sets call their columns as they like; links, licenses and languages must not be lost."""
    rows: list[dict[str, object]] = [
        {"link": "http://a.example/1", "body": f"# One\n\n{WORDS}[two](/2)", "rights": "CC0-1.0", "language": "en"},
        {"link": "http://a.example/2", "body": f"# Zwei\n\n{GERMAN}", "rights": None, "language": "de"},
    ]
    _write(tmp_path / "a.parquet", rows)
    columns = {"url": "link", "text": "body", "license": "rights", "lang": "language"}
    source = {"kind": "parquet", "paths": [str(tmp_path)], "columns": columns, "format": "markdown", "license": "MIT"}
    found = by_name(night(settings_of(tmp_path, source), FIRST))
    one, two = found["1"], found["2"]
    assert (one.title, one.license, two.license, two.lang) == ("One", "CC0-1.0", "MIT", "de")
    assert [link.url for link in one.links] == ["http://a.example/2"]


def test_rows_without_an_address_get_a_stable_one_and_bad_rows_a_reason(tmp_path: Path) -> None:
    """Half of the public data sets have no urls; their rows must be the same pages in another order and file."""
    rows: list[dict[str, object]] = [
        {"url": None, "text": f"First. {WORDS}", "links": ["http://b.example/x", "http://b.example/x"]},
        {"url": "ftp://old.example/", "text": f"Second. {WORDS}", "links": None},
        {"url": "http://a.example/3", "text": None, "links": None},
        {"url": "http://a.example/4", "text": " \n", "links": None},
        {"url": "http://a.example/5", "text": "x" * 60_000, "links": None},
        {"url": None, "text": f"First. {WORDS}", "links": None},
    ]
    _write(tmp_path / "a.parquet", rows)
    settings = settings_of(tmp_path, {"kind": "parquet", "paths": [str(tmp_path)]}, max_bytes=50_000)
    first = night(settings, FIRST)
    assert tally(first) == {"ok": 2, "extraction_empty": 2, "too_large": 1, "collection": 1}
    [second_row] = [row for row in first.values() if (row.text or "").startswith("Second")]
    assert "ftp://old.example/" in (second_row.detail or "")
    of_file = first[(tmp_path / "a.parquet").as_uri()]
    assert of_file.detail == "pages: 2 extraction_empty, 2 ok, 1 too_large, 1 repeated or of another source"
    (tmp_path / "a.parquet").unlink()
    _write(tmp_path / "b.parquet", list(reversed(rows)))
    assert tally(night(settings, SECOND))["not_modified"] == 2


def test_a_damaged_row_group_costs_its_own_rows(tmp_path: Path) -> None:
    """A data set of gigabytes must not be lost to one bad block."""
    rows: list[dict[str, object]] = [{"url": f"http://a.example/{n}", "text": f"Page {n}. {WORDS}"} for n in range(30)]
    _write(tmp_path / "a.parquet", rows, group_rows=10)
    place = pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(1).column(1).data_page_offset
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[place : place + 40] = bytes(40)
    (tmp_path / "a.parquet").write_bytes(content)
    found = night(settings_of(tmp_path, {"kind": "parquet", "paths": [str(tmp_path)]}), FIRST)
    assert tally(found) == {"ok": 20, "damaged": 1, "collection": 1}


def test_a_missing_column_is_named_with_those_that_exist(tmp_path: Path) -> None:
    """The user must see which name to write, without opening the file in another tool."""
    _write(tmp_path / "a.parquet", [{"content": WORDS}])
    found = by_name(night(settings_of(tmp_path, {"kind": "parquet", "paths": [str(tmp_path)]}), FIRST))
    assert found["a.parquet"].status == "unreadable"
    assert "no column 'text'; the file has: content" in (found["a.parquet"].detail or "")


@pytest.mark.slow
def test_files_in_a_bucket_are_read_as_those_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Teams keep data sets in buckets; a bucket that cannot be listed is a reason and no end of the night."""
    _write(tmp_path / "a.parquet", [{"url": "http://a.example/1", "text": WORDS}])
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="set")
        s3.upload_file(str(tmp_path / "a.parquet"), "set", "deep/a.parquet")
        paths = ["s3://set/**/*.parquet", "s3://no-such-bucket/x/"]
        found = night(settings_of(tmp_path, {"kind": "parquet", "paths": paths}), FIRST)
    finally:
        server.stop()
    assert found["http://a.example/1"].status == "ok"
    assert found["s3://set/deep/a.parquet"].status == "collection"
    assert found["s3://no-such-bucket/x/"].status == "unreadable"


@pytest.mark.slow
def test_killed_nights_of_a_data_set_give_the_same_rows(tmp_path: Path) -> None:
    """A night that is killed within a file must not lose or repeat a row, nor keep one that was forbidden."""
    pages: list[dict[str, object]] = [
        {"url": f"http://a.example/{n}", "text": f"<title>{n}</title><p>Page {n}. {WORDS}</p>"} for n in range(30)
    ]
    _write(tmp_path / "a.parquet", pages, group_rows=10)
    source = {"kind": "parquet", "paths": [str(tmp_path / "a.parquet")], "format": "html"}

    def change() -> None:
        changed: dict[str, object] = {"url": "http://a.example/7", "text": f"<p>Changed. {WORDS}</p>"}
        forbidden: dict[str, object] = {
            "url": "http://a.example/9",
            "text": f"<meta name=tdm-reservation content=1><p>{WORDS}</p>",
        }
        _write(tmp_path / "a.parquet", [*pages[:7], changed, forbidden, *pages[10:]], group_rows=10)

    first, second = survives_kills(tmp_path, source, seed=1, change=change)
    assert tally(first) == {"ok": 30, "collection": 1}
    assert tally(second) == {"not_modified": 27, "ok": 1, "gone": 1, "tdm_reserved": 1, "collection": 1}


def test_a_file_that_was_cut_off_or_is_none_has_its_reason(tmp_path: Path) -> None:
    """A download that broke off loses the index at the end of the file; the other files must still be read."""
    _write(tmp_path / "whole.parquet", [{"url": "http://a.example/1", "text": WORDS}])
    content = (tmp_path / "whole.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[:-20])
    (tmp_path / "empty.parquet").write_bytes(b"")
    (tmp_path / "page.parquet").write_bytes(b"<html>Log in</html>" * 30)
    found = by_name(night(settings_of(tmp_path, {"kind": "parquet", "paths": [str(tmp_path)]}), FIRST))
    assert {name: row.status for name, row in found.items()} == {
        "1": "ok", "whole.parquet": "collection", "cut.parquet": "damaged", "empty.parquet": "damaged",
        "page.parquet": "damaged",
    }  # fmt: skip
