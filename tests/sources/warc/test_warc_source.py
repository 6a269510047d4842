"""The WARC source: archives of other tools and of this factory, whole, cut off and damaged."""

import gzip
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.doubles.sites.plain_site import plain_site
from tests.flows.crawl.crawled import settings_for
from tests.flows.crawl.nights import FIRST, SECOND, by_name, night, settings_of, survives_kills, tally

WORDS = "The harbour master opens the northern gate at six and closes it when the tide has turned. " * 3


def _html(name: str) -> bytes:
    return f'<html><title>{name}</title><body><p>{name}. {WORDS}<a href="/b">b</a></p></body></html>'.encode()


class Archive:
    """An archive written by warcio."""

    def __init__(self) -> None:
        self._file = BytesIO()
        self._writer = WARCWriter(self._file, gzip=True)

    def response(
        self, url: str, body: bytes, *, status: str = "200 OK", date: str = "2024-01-01T00:00:00Z", **headers: str
    ) -> "Archive":
        """Add a response; keywords are headers, with _ for -."""
        named = [("Content-Type", "text/html"), *((key.replace("_", "-"), value) for key, value in headers.items())]
        head = StatusAndHeaders(status, named, protocol="HTTP/1.1")
        record = self._writer.create_warc_record(
            url, "response", payload=BytesIO(body), http_headers=head, warc_headers_dict={"WARC-Date": date}
        )
        self._writer.write_record(record)
        return self

    def other(self, kind: str, url: str, body: bytes, content_type: str, **headers: str) -> "Archive":
        """Add a record of another type."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        record = self._writer.create_warc_record(
            url, kind, payload=BytesIO(body), warc_content_type=content_type, warc_headers_dict=named
        )
        self._writer.write_record(record)
        return self

    def revisit(self, url: str, digest: str, date: str) -> "Archive":
        """Add a revisit record for an identical payload."""
        record = self._writer.create_revisit_record(url, digest, url, "2024-01-01T00:00:00Z")
        record.rec_headers.replace_header("WARC-Date", date)
        self._writer.write_record(record)
        return self

    def bytes(self) -> bytes:
        """Return the file."""
        return self._file.getvalue()


def test_the_newest_capture_of_each_url_is_a_page_or_has_its_reason(tmp_path: Path) -> None:
    """An archive holds a page many times, and much that is no page; all of it must be accounted for."""
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_html("C")), _html("C"))
    archive = (
        Archive()
        .response("http://a.example/", _html("Old"))
        .response("http://a.example/", _html("New"), date="2024-05-01T00:00:00Z")
        .response("http://a.example/", _html("Older"), date="2023-05-01T00:00:00Z")
        .response("http://a.example/c", chunked, Transfer_Encoding="chunked")
        .response("http://a.example/z", gzip.compress(_html("Z")), Content_Encoding="gzip")
        .response("http://a.example/plain", _html("P"), Content_Encoding="gzip")
        .response("http://a.example/closed", _html("Closed"), X_Robots_Tag="noindex")
        .response("http://a.example/gone", b"no", status="404 Not Found")
        .response("http://a.example/to", b"", status="301 Moved", Location="/c")
        .response("http://a.example/i.png", b"\x89PNG", Content_Type="image/png")
        .response("http://a.example/big", b"x" * 200_000)
        .other("resource", "dns:a.example", b"a.example. 1 IN A 1.2.3.4", "text/dns")
    )
    (tmp_path / "a.warc.gz").write_bytes(archive.bytes())
    settings = settings_of(tmp_path, {"kind": "warc", "paths": [str(tmp_path / "*.warc.gz")]}, max_bytes=50_000)
    found = by_name(night(settings, FIRST))
    assert (found["a.example"].title, found["c"].title, found["z"].title, found["plain"].title) == (
        "New",
        "C",
        "Z",
        "P",
    )
    assert found["a.example"].detail == "captured 2024-05-01T00:00:00Z"
    assert [link.url for link in found["c"].links] == ["http://a.example/b"]
    assert found["closed"].status != "ok" and found["closed"].text is None
    assert [found[name].status for name in ("gone", "to", "i.png", "big")] == [
        "http_404", "redirected", "content_type", "too_large",
    ]  # fmt: skip
    assert tally(night(settings, SECOND)) == {"not_modified": 1}


def test_an_archive_that_is_cut_off_or_damaged_keeps_its_other_pages(tmp_path: Path) -> None:
    """A killed download or a bad disk must cost the pages at that place only, with a reason."""
    parts = [Archive().response(f"http://a.example/{n}", _html(f"Page {n}")).bytes() for n in range(6)]
    damaged = bytearray(parts[2])
    damaged[len(damaged) // 2] ^= 0xFF
    damaged[len(damaged) // 2 + 1] ^= 0xFF
    (tmp_path / "a.warc.gz").write_bytes(b"".join([*parts[:2], bytes(damaged), *parts[3:5], parts[5][:-40]]))
    found = by_name(night(settings_of(tmp_path, {"kind": "warc", "paths": [str(tmp_path)]}), FIRST))
    assert [found[str(n)].status for n in (0, 1, 3, 4)] == ["ok"] * 4
    assert found["5"].status in {"truncated", "damaged"}
    assert found["a.warc.gz"].status == "damaged" and "4 ok" in (found["a.warc.gz"].detail or "")


def test_statements_of_an_archived_site_are_obeyed_as_each_source_says(tmp_path: Path) -> None:
    """A page that its site keeps from training is kept from it in an archive, too; one source may have a permission."""
    archive = (
        Archive()
        .response("http://a.example/tdm", _html("T"), TDM_Reservation="1", TDM_Policy="http://a.example/policy")
        .response("http://a.example/signal", _html("S"), Content_Signal="search=yes, ai-train=no")
        .response("http://a.example/meta", b"<meta name=robots content=noai>" + _html("M"))
        .response("http://a.example/open", _html("O"))
    )
    (tmp_path / "a.warc.gz").write_bytes(archive.bytes())
    source = {"kind": "warc", "paths": [str(tmp_path)]}
    first = by_name(night(settings_of(tmp_path, source), FIRST))
    assert {name: row.status for name, row in first.items()} == {
        "tdm": "tdm_reserved", "signal": "content_signal", "meta": "noai", "open": "ok", "a.warc.gz": "collection",
    }  # fmt: skip
    assert first["tdm"].tdm_policy == "http://a.example/policy" and first["signal"].text is None
    second = by_name(night(settings_of(tmp_path, source | {"obey_directives": ["noai"]}), SECOND))
    assert [second[name].status for name in ("tdm", "signal", "meta")] == ["ok", "ok", "noai"]
    assert second["tdm"].tdm_reservation is True


def test_a_revisit_is_the_page_that_it_repeats(tmp_path: Path) -> None:
    """Later crawls of an unchanged page hold no text; it must be neither lost nor stored twice."""
    first = Archive().response("http://a.example/a", _html("A"))
    (tmp_path / "1.warc.gz").write_bytes(first.bytes())
    settings = settings_of(tmp_path, {"kind": "warc", "paths": [str(tmp_path)]})
    page = by_name(night(settings, FIRST))["a"]
    again = Archive().revisit("http://a.example/a", page.etag or "", "2024-06-01T00:00:00Z")
    (tmp_path / "2.warc.gz").write_bytes(again.bytes())
    repeated = by_name(night(settings, SECOND))["a"]
    assert repeated.status == "not_modified" and repeated.doc_id == page.doc_id


def test_of_several_archives_the_newest_capture_counts(tmp_path: Path) -> None:
    """Read file by file, an old capture would win over a newer one by its place in the list of names alone."""
    old, new, later = (f"2024-0{month}-01T00:00:00Z" for month in (1, 5, 6))
    one = Archive().response("http://a.example/a", _html("Old"), date=old)
    one.response("http://a.example/b", _html("New"), date=new).response("http://a.example/s", _html("Same"), date=old)
    two = Archive().response("http://a.example/a", _html("New"), date=new)
    two.response("http://a.example/b", _html("Old"), date=old).revisit("http://a.example/s", "sha1:X", later)
    (tmp_path / "1.warc.gz").write_bytes(one.bytes())
    (tmp_path / "2.warc.gz").write_bytes(two.bytes())
    settings = settings_of(tmp_path, {"kind": "warc", "paths": [str(tmp_path)]})
    found = by_name(night(settings, FIRST))
    assert [found[name].title for name in ("a", "b", "s")] == ["New", "New", "Same"]
    (tmp_path / "3.warc.gz").write_bytes(Archive().response("http://a.example/b", _html("Newest"), date=later).bytes())
    assert by_name(night(settings, SECOND))["b"].title == "Newest"


def test_robots_txt_of_an_archive_is_obeyed(tmp_path: Path) -> None:
    """Whoever made the archive may have been allowed what this crawler is not."""
    rules = b"User-agent: *\nDisallow: /private\n"
    one = Archive().response("http://a.example/private/a", _html("A")).response("http://a.example/b", _html("B"))
    one.response("http://free.example/private/c", _html("C"))
    two = Archive().response("http://a.example/robots.txt", b"", date="2023-01-01T00:00:00Z", Content_Type="text/plain")
    two.response("http://a.example/robots.txt", rules, Content_Type="text/plain")
    two.response("http://free.example/robots.txt", rules, date="2023-01-01T00:00:00Z", Content_Type="text/plain")
    two.response("http://free.example/robots.txt", b"none", status="404 Not Found")
    (tmp_path / "1.warc.gz").write_bytes(one.bytes())
    (tmp_path / "2.warc.gz").write_bytes(two.bytes())
    source = {"kind": "warc", "paths": [str(tmp_path)]}
    obeyed = by_name(night(settings_of(tmp_path / "obeyed", source), FIRST))
    assert [obeyed[name].status for name in ("a", "b", "c")] == ["robots_denied", "ok", "ok"]
    assert "captured 2024-01-01" in (obeyed["a"].detail or "")
    free = by_name(night(settings_of(tmp_path / "free", source, obey_robots=False), FIRST))
    assert [free[name].status for name in ("a", "b", "c")] == ["ok", "ok", "ok"]


def test_content_signals_of_an_archived_robots_txt_are_obeyed(tmp_path: Path) -> None:
    """Sites state there, and seldom in headers, that nobody may train on their pages; their pages need not change."""
    pages = Archive().response("http://a.example/a", _html("A")).response("http://b.example/b", _html("B"))
    (tmp_path / "1.warc.gz").write_bytes(pages.bytes())
    settings = settings_of(tmp_path, {"kind": "warc", "paths": [str(tmp_path)]})
    assert [by_name(night(settings, FIRST))[name].status for name in ("a", "b")] == ["ok", "ok"]
    rules = b"User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\n"
    later = Archive().response("http://a.example/robots.txt", rules, Content_Type="text/plain")
    later.response("http://a.example/a", _html("A"), date="2024-06-01T00:00:00Z")
    later.response("http://b.example/b", _html("B"), date="2024-06-01T00:00:00Z")
    (tmp_path / "2.warc.gz").write_bytes(later.bytes())
    second = by_name(night(settings, SECOND))
    assert [second[name].status for name in ("a", "b")] == ["content_signal", "not_modified"]
    assert second["a"].text is None and second["a"].content_signal == "ai-train=no, search=yes"


def test_text_files_of_common_crawl_get_the_links_of_the_files_beside_them(tmp_path: Path) -> None:
    """WET files hold text without links, and without links no task can walk from page to page."""
    html = {"Head": {"Title": "Title of A"}, "Links": [{"path": "A@/href", "url": "/b", "text": "to b"}]}
    facts = {"Envelope": {"Payload-Metadata": {"HTTP-Response-Metadata": {"HTML-Metadata": html}}}}
    wet = Archive().other("conversion", "http://a.example/a", f"A\n{WORDS}".encode(), "text/plain")
    wat = Archive().other("metadata", "http://a.example/x", b"{}", "application/json")
    wat.other("metadata", "http://a.example/a", orjson.dumps(facts), "application/json")
    for folder, name, archive in (("wet", "1.warc.wet.gz", wet), ("wat", "1.warc.wat.gz", wat)):
        (tmp_path / "cc" / folder).mkdir(parents=True)
        (tmp_path / "cc" / folder / name).write_bytes(archive.bytes())
    found = by_name(night(settings_of(tmp_path, {"kind": "warc", "paths": [str(tmp_path / "cc")]}), FIRST))
    assert (found["a"].status, found["a"].title) == ("ok", "Title of A")
    assert [(link.url, link.anchor) for link in found["a"].links] == [("http://a.example/b", "to b")]
    assert found["1.warc.wat.gz"].status == "collection"


def test_the_factorys_own_archive_gives_the_pages_that_were_crawled(tmp_path: Path) -> None:
    """Raw responses are kept so that a better extractor can read them without asking the sites again."""
    with plain_site() as site:
        crawled = night(settings_for(tmp_path / "a", site, max_pages=6), FIRST)
    raw = tmp_path / "a" / "lake" / "raw"
    again = night(settings_of(tmp_path / "b", {"kind": "warc", "paths": [str(raw)]}), FIRST)
    texts = {url: row.text for url, row in crawled.items() if row.status == "ok"}
    assert len(texts) == 6 and {url: row.text for url, row in again.items() if row.status == "ok"} == texts
    assert datetime.now(UTC) >= max(row.fetched_at for row in again.values())


@pytest.mark.slow
def test_killed_nights_of_archives_give_the_same_rows(tmp_path: Path) -> None:
    """A night that is killed within an archive must not lose or repeat a capture, nor keep a forbidden page."""
    archives = tmp_path / "archives"
    archives.mkdir()
    whole = Archive()
    for n in range(30):
        whole.response(f"http://a.example/{n}", _html(f"Page {n}"))
    (archives / "1.warc.gz").write_bytes(whole.bytes())
    source = {"kind": "warc", "paths": [str(archives)]}

    def change() -> None:
        later = (
            Archive()
            .response("http://a.example/3", _html("Changed"))
            .response("http://a.example/4", b"no", status="410 Gone")
            .response("http://a.example/5", _html("Page 5"), TDM_Reservation="1")
            .response("http://a.example/6", _html("Cut"))
        )
        (archives / "2.warc.gz").write_bytes(later.bytes()[:-60])

    first, second = survives_kills(tmp_path, source, seed=1, change=change)
    assert tally(first) == {"ok": 30, "collection": 1}
    assert {name: row.status for name, row in by_name(second).items()} == {
        "1.warc.gz": "not_modified", "2.warc.gz": "damaged", "3": "ok", "4": "http_410", "5": "tdm_reserved",
        "6": "truncated",
    }  # fmt: skip
