"""Raw responses of the crawl: readable from each row, after kills, on later days, and stored only if configured."""

import os
import sqlite3
import subprocess
import sys
from asyncio import StreamWriter
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.crawl.raw_responses import write_raw_responses
from flows.settings import Settings
from schemas import Document
from sources.archive.warc import RecordLocation, StoredResponse, WarcError, read_record
from sources.frontier.frontier import Frontier
from sources.urls import normalise
from tests.doubles.settings_variables import variables_of
from tests.doubles.sites.plain_site import Request, page, plain_site, response, running_site, tree
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent
from warehouse.lake import Lake, LakeError

DAY, NEXT, LATER = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def stored(home: Path, row: Document) -> StoredResponse:
    """Read the raw response that a row refers to."""
    assert row.warc_file is not None and row.warc_offset is not None, row
    return read_record(Lake(home / "lake").raw, RecordLocation(row.warc_file, row.warc_offset), row.url)


@pytest.mark.slow
def test_every_page_and_sitemap_has_its_raw_response(tmp_path: Path) -> None:
    """Extraction can be wrong, and the server's response of that day cannot be fetched again later."""
    with plain_site() as site:
        run_crawl(settings_for(tmp_path, site, sitemaps=[f"{site.home}/sitemap.xml"]), DAY, silent)
    found = {row.url.removeprefix(site.home): row for row in rows(tmp_path, DAY)}
    for path, body in tree().items():
        assert stored(tmp_path, found[path]).body == body.encode()
    assert b"/hidden" in stored(tmp_path, found["/sitemap.xml"]).body
    assert found["/denied"].warc_file is None


def test_an_unchanged_page_refers_to_its_earlier_raw_response(tmp_path: Path) -> None:
    """Otherwise a page that never changes loses its evidence after one day; also when responses are stored no more."""
    with plain_site() as site:
        run_crawl(settings_for(tmp_path, site), DAY, silent)
        run_crawl(settings_for(tmp_path, site), NEXT, silent)
        run_crawl(settings_for(tmp_path, site, keep_raw=False), LATER, silent)
    before = {row.url: (row.warc_file, row.warc_offset) for row in rows(tmp_path, DAY) if row.status == "ok"}
    for day in (NEXT, LATER):
        after = {row.url: row for row in rows(tmp_path, day) if row.status == "not_modified"}
        assert {url: (row.warc_file, row.warc_offset) for url, row in after.items()} == before
    assert all(stored(tmp_path, row).body for row in after.values())
    assert not (tmp_path / "lake" / "raw" / f"date={NEXT}").exists()


def test_raw_responses_are_stored_only_with_keep_raw(tmp_path: Path) -> None:
    """Users without the right to copy pages must be able to turn this off; files of folders are never copied."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# A note\n\nAbout the keeper of the light, in words.\n")
    with plain_site() as site:
        run_crawl(settings_for(tmp_path, site, keep_raw=False), DAY, silent)
        run_crawl(settings_for(tmp_path, site, keep_raw=True, seeds=[], folders=[tmp_path / "notes"]), NEXT, silent)
    for day in (DAY, NEXT):
        assert [row for row in rows(tmp_path, day) if row.status == "ok"]
        assert {row.warc_file for row in rows(tmp_path, day)} == {None}
    assert not (tmp_path / "lake" / "raw").exists()


def _killed(settings: Settings, after: int) -> int:
    variables = {"FACTORY_HOME": str(settings.home), **variables_of(settings.crawl, "crawl")}
    command = [sys.executable, "-m", "tests.flows.crawl.crawl_killed", DAY.isoformat(), str(after)]
    return subprocess.run(command, env=os.environ | variables, check=False).returncode


@pytest.mark.slow
def test_after_every_kill_each_row_has_its_raw_response(tmp_path: Path) -> None:
    """A row must not be committed while its response is only in a buffer that a kill would lose."""
    with plain_site() as site:
        settings, kills = settings_for(tmp_path, site, concurrency=4), 0
        while _killed(settings, after=9) != 0:
            kills += 1
            assert kills < 15
            _tear(tmp_path)
            waiting = sqlite3.connect(tmp_path / "state" / "frontier.sqlite")
            ended = waiting.execute("select document from visits where document is not null").fetchall()
            waiting.close()
            _check([Document.model_validate_json(row) for (row,) in ended] + rows(tmp_path, DAY), tmp_path)
    assert kills >= 2
    found = rows(tmp_path, DAY)
    _check(found, tmp_path)
    assert Counter(row.status for row in found)["ok"] == len(tree()) - 1
    assert len(list((tmp_path / "lake" / "raw").rglob("*.warc.gz"))) >= kills


def _tear(home: Path) -> None:
    """Append half a record to the newest file, as a kill in the middle of a write does."""
    newest = max((home / "lake" / "raw").rglob("*.warc.gz"))
    with newest.open("ab") as file:
        file.write(newest.read_bytes()[:200])


def _check(found: list[Document], home: Path) -> None:
    pages = [row for row in found if row.status == "ok"]
    assert pages
    for row in pages:
        assert stored(home, row).body.decode() == tree()["/" + row.url.split("/", 3)[3]]


def test_a_frontier_of_an_earlier_version_is_still_used(tmp_path: Path) -> None:
    """An update that starts a new frontier would fetch every page again."""
    with plain_site() as site:
        run_crawl(settings_for(tmp_path, site, keep_raw=False), DAY, silent)
        old = sqlite3.connect(tmp_path / "state" / "frontier.sqlite", isolation_level=None)
        for column in ("warc_file", "warc_offset"):
            old.execute(f"alter table known drop column {column}")
        old.close()
        run_crawl(settings_for(tmp_path, site), NEXT, silent)
    assert Counter(row.status for row in rows(tmp_path, NEXT))["not_modified"] == len(tree()) - 1
    with Frontier(tmp_path / "state" / "frontier.sqlite", "another") as frontier:
        assert frontier.known(normalise(site.home) or "") is None


def test_secrets_of_a_page_are_in_no_file_of_the_lake(tmp_path: Path) -> None:
    """Redacting the text is useless if an unredacted copy of the page is stored."""
    pages = {
        "/": page("Home", "/token", "/pieces").replace("to /pieces", f"about {TOKEN}, the token"),
        "/token": page("Token", words=f"The token {TOKEN} is in so many words of the page about tokens. " * 4),
        "/pieces": page("Pieces", words=f"The token {TOKEN[:9]}<b>{TOKEN[9:]}</b> is in pieces on this page. " * 4),
    }

    async def handle(request: Request, writer: StreamWriter) -> None:
        body = pages.get(request.path, "")
        writer.write(response(body, status="200 OK" if body else "404 Not Found", Set_Cookie=f"id={TOKEN}", X_Id="7"))

    with running_site(handle) as site:
        run_crawl(settings_for(tmp_path, site), DAY, silent)
    found = {row.url.removeprefix(site.home): row for row in rows(tmp_path, DAY)}
    assert b"[REDACTED:github_token]" in stored(tmp_path, found["/token"]).body
    assert b"cookie" not in stored(tmp_path, found["/token"]).head.lower()
    assert b"X-Id: 7" in stored(tmp_path, found["/token"]).head
    assert found["/pieces"].warc_file is None
    assert "raw response not stored" in (found["/pieces"].detail or "")
    for row in found.values():
        assert TOKEN not in row.model_dump_json()


def test_a_damaged_raw_response_does_not_stop_the_others(tmp_path: Path) -> None:
    """The damaged file must be named, and the other responses written."""
    with plain_site() as site:
        run_crawl(settings_for(tmp_path, site), DAY, silent)
    first, second, third, *_ = (row.model_dump() for row in rows(tmp_path, DAY) if row.status == "ok")
    lake = Lake(tmp_path / "lake")
    broken, outside = second | {"warc_offset": 3}, third | {"warc_file": "../../etc/passwd"}
    never = {"url": "http://a.example/", "fetched_at": None, "detail": None, "warc_file": None, "warc_offset": None}
    reports = list(write_raw_responses(lake, [first, broken, never, outside, first], tmp_path / "out", {}))
    assert [one.damaged for one in reports] == [False, True, False, True]
    assert "digest verified" in reports[0].line and "is damaged" in reports[1].line and "not fetched" in reports[2].line
    written = sorted(path.suffix for path in (tmp_path / "out").iterdir())
    assert written == [".html", ".http"]
    with pytest.raises(LakeError, match="not a file of raw responses"):
        lake.raw("document/date=2026-03-01/x.parquet")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WarcError, match="another folder"):
        list(write_raw_responses(lake, [first], tmp_path / "file", {}))
