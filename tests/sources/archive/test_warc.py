"""WARC records of raw responses: any response reads back unchanged, with our reader and with warcio."""

import os
from io import FileIO
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from sources.archive.raw_capture import CaptureRefused, RawCapture, redact_body, without_credentials
from sources.archive.warc import HEAD_BYTES, RecordLocation, WarcError, read_record, response_record
from sources.archive.warc_files import WarcFiles
from sources.http.fetch import FetchResult

URL = "http://a.example/page?x=1"
HTML = {"content-type": "text/html; charset=utf-8"}
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
FORGED = "x\r\n\r\nbody\r\n\r\nWARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://bank.example/\r\n\r\n"


def files(folder: Path, file_bytes: int = 10**9) -> WarcFiles:
    """Return a writer of numbered files in the folder."""
    numbers = count()

    def open_next() -> tuple[str, FileIO]:
        name = f"{next(numbers)}.warc.gz"
        return name, FileIO(folder / name, "xb")

    return WarcFiles(open_next, {"software": "test"}, file_bytes, locate=folder.joinpath)


def records(path: Path) -> list[tuple[str, str | None]]:
    """Return type and url of each record as warcio reads them, with digests checked."""
    with path.open("rb") as stream:
        found = []
        for record in ArchiveIterator(stream, check_digests="raise"):
            record.content_stream().read()
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI")))
        return found


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.text(max_size=60), st.text(max_size=300), max_size=12),
    st.binary(max_size=2_000),
    st.integers(100, 999),
)
@example({"x": FORGED, FORGED: "x", "a:b": "c", "": "", "x-ü": "ü\udcff"}, FORGED.encode(), 200)
@example({f"x-{n}": "y" * 5_000 for n in range(50)}, b"", 299)
def test_no_response_can_break_or_forge_a_record(
    tmp_path_factory: pytest.TempPathFactory, headers: dict[str, str], body: bytes, code: int
) -> None:
    """A server that could end its record early could forge a response of another server."""
    folder = tmp_path_factory.mktemp("hostile")
    with files(folder) as writer:
        place = writer.append(response_record(URL, code, headers, body))
        after = writer.append(response_record("http://b.example/", 200, HTML, b"next"))
    stored = read_record(folder.joinpath, place, URL)
    assert stored.body == body and len(stored.head) <= HEAD_BYTES
    assert stored.head.startswith(f"HTTP/1.1 {code} ".encode()) and b"\r\n\r\n" not in stored.head
    assert read_record(folder.joinpath, after, "http://b.example/").body == b"next"
    assert records(folder / place.file) == [("warcinfo", None), ("response", URL), ("response", "http://b.example/")]


def test_transfer_headers_are_stored_under_another_name(tmp_path: Path) -> None:
    """No tool opens a decompressed body whose header still declares gzip."""
    sent = {"content-encoding": "gzip", "content-length": "17", "transfer-encoding": "chunked", "etag": '"1"'}
    with files(tmp_path) as writer:
        place = writer.append(response_record(URL, 200, HTML | sent, b"<p>plain</p>"))
    stored = read_record(tmp_path.joinpath, place, URL)
    assert set(stored.head.decode().split("\r\n")) == {
        "HTTP/1.1 200 OK", "Content-Length: 12", "Content-Type: text/html; charset=utf-8", 'Etag: "1"',
        "X-Crawl-Content-Encoding: gzip", "X-Crawl-Content-Length: 17", "X-Crawl-Transfer-Encoding: chunked",
    }  # fmt: skip
    assert stored.media_type == "text/html"


@pytest.mark.parametrize("url", ["http://ada:pw@a.example/", "http://a.example/\r\nX: y", "file:///etc/passwd", ""])
def test_a_url_with_credentials_is_never_written(url: str) -> None:
    """A password in an address would be in every copy of the lake."""
    with pytest.raises(ValueError, match="normalised"):
        response_record(url, 200, HTML, b"")


def test_files_stay_small_and_every_location_is_right(tmp_path: Path) -> None:
    """A single file for all days could neither be copied nor deleted in parts."""
    bodies = [os.urandom(3_000) for _ in range(20)]
    with files(tmp_path, file_bytes=10_000) as writer:
        places = [writer.append(response_record(URL, 200, HTML, body)) for body in bodies]
        writer.sync()
    assert [read_record(tmp_path.joinpath, at, URL).body for at in places] == bodies
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) >= 6 and max(sizes) <= 10_000
    assert all(records(path)[0] == ("warcinfo", None) for path in tmp_path.iterdir())


def test_a_full_disk_is_an_error_and_nothing_follows_half_a_record(tmp_path: Path) -> None:
    """A record after half a record is unreadable."""
    opened = [("full.warc.gz", FileIO("/dev/full", "wb")), ("next.warc.gz", FileIO(tmp_path / "next.warc.gz", "xb"))]
    with WarcFiles(lambda: opened.pop(0), {}) as writer:
        with pytest.raises(WarcError, match=r"full\.warc\.gz.*Free space"):
            writer.append(response_record(URL, 200, HTML, b"lost"))
        place = writer.append(response_record(URL, 200, HTML, b"kept"))
    assert place.file == "next.warc.gz"
    assert read_record(tmp_path.joinpath, place, URL).body == b"kept"


def test_a_damaged_or_missing_file_is_named(tmp_path: Path) -> None:
    """Changed bytes must never be shown as evidence."""
    with files(tmp_path) as writer:
        place = writer.append(response_record(URL, 200, HTML, os.urandom(400)))
    path = tmp_path / place.file
    whole = path.read_bytes()
    for end in (0, place.offset, place.offset + 9, len(whole) - 200):
        path.write_bytes(whole[:end])
        with pytest.raises(WarcError, match=f"{URL[:16]}.*{place.file}.*damaged"):
            read_record(tmp_path.joinpath, place, URL)
    for spot in range(place.offset, len(whole) - 8, 7):
        path.write_bytes(whole[:spot] + bytes([whole[spot] ^ 0x55]) + whole[spot + 1 :])
        try:
            assert read_record(tmp_path.joinpath, place, URL).body  # an unused bit, such as gzip's modification time
        except WarcError:
            continue
        assert place.offset < spot < place.offset + 10
    path.write_bytes(whole)
    with pytest.raises(WarcError, match="another url"):
        read_record(tmp_path.joinpath, place, "http://b.example/")
    path.unlink()
    with pytest.raises(WarcError, match="gone"):
        read_record(tmp_path.joinpath, place, URL)


async def test_the_same_body_is_stored_once(tmp_path: Path) -> None:
    """A page that servers send again unchanged would fill the disk; its revisit must read like a response."""
    body = f"<p>The light was lit by {TOKEN}.</p>".encode()
    answers = [FetchResult("ok", code=200, headers=HTML | {"date": f"day {n}"}, body=body) for n in range(2)]
    other = FetchResult("ok", code=200, headers=HTML, body=body + b"<!-- 7 -->")
    with files(tmp_path) as writer:
        capture = RawCapture(writer)
        first = (await capture.store(URL, answers[0])).location
        again = (await capture.store(URL, answers[1], same_text_as=first)).location
        assert (await capture.store(URL, other, same_text_as=first)).location == first
        lost = RecordLocation("gone.warc.gz", 0)
        assert (await capture.store(URL, answers[0], same_text_as=lost)).location not in (None, lost, first)
    assert first is not None and again is not None and first != again
    before, after = (read_record(tmp_path.joinpath, at, URL) for at in (first, again))
    assert before.body == after.body != b"" and TOKEN.encode() not in after.body
    assert b"Date: day 1" in after.head and b"Date: day 0" in before.head
    assert [kind for kind, _ in records(tmp_path / first.file)] == ["warcinfo", "response", "revisit", "response"]
    (tmp_path / first.file).write_bytes(
        (tmp_path / first.file).read_bytes().replace(b"\x1f\x8b\x08", b"\x1f\x8b\x09", 2)
    )
    with pytest.raises(WarcError, match="damaged"):
        read_record(tmp_path.joinpath, again, URL)


CREDENTIALS = [
    "Set-Cookie", "set-cookie2", "Authorization", "Proxy-Authenticate", "Proxy-Anything", "WWW-Authenticate",
    "Authentication-Info", "X-Auth-Token", "X-CSRF-Token", "X-Session-Id", "X-Api-Key", "X-Amz-Security-Token",
    "X-Crawl-Redacted",
]  # fmt: skip


def test_headers_that_carry_credentials_are_dropped() -> None:
    """A session cookie in the lake would let any reader of it continue the session."""
    kept = HTML | {"etag": '"1"', "link": "</license>; rel=license", "x-robots-tag": "noai"}
    assert without_credentials(kept | dict.fromkeys(CREDENTIALS, "s3cret")) == kept


async def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    """A token in a comment or a header would undo the redaction of the page's text."""
    body = f"<!-- {TOKEN} --><p>ada@corp.net ada@corp.net wrote é</p>".encode()
    headers = HTML | {"link": f"<http://a.example/?k={TOKEN}>", "set-cookie": f"t={TOKEN}"}
    with files(tmp_path) as writer:
        kept = await RawCapture(writer).store(URL, FetchResult("ok", code=200, headers=headers, body=body))
        open_kept = await RawCapture(writer, redact=False).store(
            URL, FetchResult("ok", code=200, headers=HTML, body=body)
        )
    assert kept.location and open_kept.location
    stored = read_record(tmp_path.joinpath, kept.location, URL)
    assert stored.body.decode() == "<!-- [REDACTED:github_token] --><p>[REDACTED:email] [REDACTED:email] wrote é</p>"
    assert TOKEN.encode() not in stored.head and b"X-Crawl-Redacted: 2 email, 1 github_token" in stored.head
    assert read_record(tmp_path.joinpath, open_kept.location, URL).body == body


def test_a_body_without_secrets_is_stored_byte_for_byte() -> None:
    """In every encoding, a raw response must hold the bytes of the server."""
    for body in ("Лодка плывет.".encode("cp1251"), "\ufeffplain".encode(), "plain\x00".encode("utf-16"), b"\xffodd"):
        assert redact_body(body, "text/html; charset=cp1251", "") == (body, {})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"%PDF-1.7 with streams", ""),
        (b"<p>ada&#64;corp.net</p>", ""),
        (b"<a href='mailto:ada%40corp.net'>write</a>", ""),
        (f"<p>{TOKEN[:12]}<wbr>{TOKEN[12:]}</p>".encode(), ""),
        (f"<p>{TOKEN}</p>".encode("utf-16"), ""),
        (f"<p>{TOKEN} ü</p>".encode("latin-1"), ""),
        (bytes(range(256)) * 8, ""),
        (b"&#" + b"9" * 5_000 + b";", ""),
        (b"<p>(212) 664-<b>7665</b></p>", "(212) 664-7665"),
    ],
)
def test_a_body_that_cannot_be_redacted_is_not_stored(body: bytes, text: str) -> None:
    """A secret with tags or entities inside is still a secret."""
    with pytest.raises(CaptureRefused):
        redact_body(body, "text/html", text)


@settings(max_examples=60, deadline=None)
@given(st.text(), st.text(), st.sampled_from(["utf-8", "utf-16", "cp1251"]))
def test_a_token_is_never_in_a_stored_body(before: str, after: str, encoding: str) -> None:
    """The text before and after a token must not hide it."""
    body = f"{before} {TOKEN} {after}".encode(encoding, "replace")
    try:
        kept, _ = redact_body(body, f"text/html; charset={encoding}", "")
    except CaptureRefused:
        return
    assert TOKEN not in kept.decode(encoding, "replace") and TOKEN.encode() not in kept
