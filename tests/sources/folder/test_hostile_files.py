"""Files that were cut off or changed at random: each has a text or a reason, and no parser ends the process."""

import gzip
import random
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.text.extract import Layout
from sources.text.formats.epub import BadBook, read_book, read_chapter
from sources.text.formats.extract_format import PDF, RST, extract_format
from sources.warc.records import DamagedPlaces, archive_records
from tests.sources.folder.made_files import epub, pdf
from tests.sources.warc.test_warc_source import Archive

STATUSES = {"ok", "damaged", "encrypted", "extraction_empty", "bad_encoding"}
MANUAL = (
    b"Title\n=====\n\n.. note:: a\n\n.. toctree::\n\n   b\n\n* :ref:`x <y>`\n* |s| and ``code``\n\n.. |s| replace:: t\n"
)


def _changed(content: bytes, rng: random.Random) -> bytes:
    if rng.randrange(3) == 0:
        return content[: rng.randrange(len(content))]
    out = bytearray(content)
    for _ in range(rng.choice((1, 4, 30))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def test_changed_files_have_a_text_or_a_reason(tmp_path: Path) -> None:
    """One hostile file among thousands must cost neither the crawl nor a worker process."""
    rng = random.Random(7)
    whole = pdf([[(72, 700, 18, "Pumps"), (72, 660, 11, "The pump of (hall) 3.")]] * 3)
    epub(tmp_path / "b.epub", {"a.xhtml": "<p>a</p>" * 50, "b.xhtml": "<p>b</p>"})
    book = (tmp_path / "b.epub").read_bytes()
    for _ in range(60):
        for content, kind in ((whole, PDF), (MANUAL, RST)):
            assert extract_format(_changed(content, rng), kind, "", "file:///x", Layout()).status in STATUSES
        _read_book(_changed(book, rng))


def _read_book(content: bytes) -> None:
    try:
        for chapter in read_book(BytesIO(content)).chapters:
            read_chapter(BytesIO(content), chapter.name, 1_000_000)
    except BadBook:
        return


def test_a_chapter_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    """A zip of some kilobytes can fill the memory of the machine."""
    epub(tmp_path / "b.epub", {"a.xhtml": "0" * 3_000_000})
    content = (tmp_path / "b.epub").read_bytes()
    assert len(content) < 10_000
    try:
        read_chapter(BytesIO(content), "OEBPS/a.xhtml", 1_000_000)
    except BadBook as error:
        assert "over 1000000 bytes" in str(error)
    else:
        raise AssertionError("the chapter was unpacked")


PAGES = 8
ARCHIVE = [Archive().response(f"http://a.example/{n}", b"<p>%d</p>" % n * 200).bytes() for n in range(PAGES)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_in_one_record_costs_no_other(data: st.DataObject) -> None:
    """Every other page of an archive is still read, wherever the damage is."""
    hit = data.draw(st.integers(0, PAGES - 1))
    place = data.draw(st.integers(0, len(ARCHIVE[hit]) - 1))
    damaged = bytearray(ARCHIVE[hit])
    damaged[place] ^= data.draw(st.integers(1, 255))
    content = b"".join([*ARCHIVE[:hit], bytes(damaged), *ARCHIVE[hit + 1 :]])
    found = set()
    try:
        for record in archive_records(BytesIO(content)):
            found.add(record.uri)
    except DamagedPlaces:
        pass
    assert found >= {f"http://a.example/{n}" for n in range(PAGES) if n != hit}


@pytest.mark.parametrize("stored", [ARCHIVE, [gzip.decompress(record) for record in ARCHIVE]])
def test_an_archive_that_ends_anywhere_says_so(stored: list[bytes]) -> None:
    """A download that broke off between two pages' texts would pass for a whole archive of fewer pages."""
    for end in range(len(stored[1])):
        records = archive_records(BytesIO(stored[0] + stored[1][:end]))
        is_whole = end == 0 or not stored[1][end:].strip()
        if is_whole:
            assert next(records).uri.endswith("/0") and len(list(records)) == (end > 0)
        else:
            with pytest.raises(DamagedPlaces):
                list(records)
    with pytest.raises(DamagedPlaces):
        list(archive_records(BytesIO(b"")))
