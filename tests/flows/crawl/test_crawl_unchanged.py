"""A later night: an unchanged text is not stored again, dates spare requests, and changes are counted."""

from asyncio import StreamWriter
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.crawl.outcome import NothingCrawled, crawl_line, refuse_empty
from sources.archive.warc import RecordLocation, read_record
from sources.frontier.frontier import Frontier
from sources.text.extract import EXTRACTOR
from tests.doubles.sites.plain_site import Request, page, response, running_site
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY, NEXT, LATER = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


def test_a_text_that_did_not_change_is_not_stored_again(tmp_path: Path) -> None:
    """Servers without validators send every page every night: 389 of 389 pages would be stored again."""
    pages = {path: page(path, "/a", "/b", "/c", "/d") for path in ("/", "/a", "/b", "/c", "/d")}

    async def handle(request: Request, writer: StreamWriter) -> None:
        writer.write(response(pages[request.path]) if request.path in pages else response("", status="410 Gone"))

    with running_site(handle) as site:
        settings = settings_for(tmp_path, site)
        first = run_crawl(settings, DAY, silent)
        pages["/a"] = pages["/a"].replace("sentence", "statement")
        pages["/b"] += "<!-- made at 10:02 -->"
        pages["/"] = page("/", "/a", "/b", "/c", "/d").replace("</body>", "<nav><a href=/new>n</a></nav></body>")
        pages["/new"] = page("/new")
        del pages["/d"]
        second = run_crawl(settings, NEXT, silent)
        third = run_crawl(settings, LATER, silent)
    changes = ("new", "changed", "unchanged", "gone")
    assert [first[change] for change in changes] == [5, 0, 0, 0]
    assert [second[change] for change in changes] == [1, 1, 3, 1]
    assert [third[change] for change in changes] == [0, 0, 5, 0]
    assert crawl_line(second) == "crawled: 5 pages (1 new, 1 changed, 3 unchanged, 1 gone)"
    before, after = ({row.url: row for row in rows(tmp_path, day)} for day in (DAY, NEXT))
    same = [row for row in after.values() if row.status == "not_modified"]
    assert len(same) == 3
    for row in same:
        assert (row.doc_id, row.text, row.http_status) == (before[row.url].doc_id, None, 200)
        assert row.warc_file and row.warc_offset is not None
        stored = read_record(Lake(tmp_path / "lake").raw, RecordLocation(row.warc_file, row.warc_offset), row.url)
        assert (
            stored.body == (pages[row.url.removeprefix(site.home)].partition("<nav>")[0].encode())
            or b"/b" in stored.body
        )


def test_a_changed_license_is_a_change(tmp_path: Path) -> None:
    """The text of a page whose licence was withdrawn must not keep the old one."""
    body = page("Home").replace("<ul>", "<a rel=license href=http://a.example/{}>licence</a><ul>")
    names = iter(("one", "two", "two"))

    async def handle(request: Request, writer: StreamWriter) -> None:
        found = request.path == "/"
        writer.write(response(body.replace("{}", next(names)) if found else "", status="200 OK" if found else "404 No"))

    with running_site(handle) as site:
        settings = settings_for(tmp_path, site, obey_robots=False)
        for day in (DAY, NEXT, LATER):
            run_crawl(settings, day, silent)
    found = [rows(tmp_path, day)[0] for day in (DAY, NEXT, LATER)]
    assert [row.license for row in found] == [f"http://a.example/{name}" for name in ("one", "two", "two")]


def test_the_date_of_a_sitemap_spares_requests(tmp_path: Path) -> None:
    """Of a site of many pages only those that changed are requested; the walk still goes over the others' links."""
    old, future = "2020-01-01", (datetime.now(UTC) + timedelta(days=2)).date().isoformat()

    async def handle(request: Request, writer: StreamWriter) -> None:
        entries = "".join(
            f"<url><loc>/{name}</loc><lastmod>{at}</lastmod></url>" for name, at in (("a", old), ("b", future))
        )
        listed = response(f"<urlset>{entries}<url><loc>/c</loc></url></urlset>", "text/xml")
        writer.write(listed if request.path == "/map.xml" else response(page(request.path, "/linked")))

    with running_site(handle) as site:
        settings = settings_for(tmp_path, site, seeds=[], sitemaps=[f"{site.home}/map.xml"], obey_robots=False)
        run_crawl(settings, DAY, silent)
        site.requests.clear()
        counts = run_crawl(settings, NEXT, silent)
    assert sorted(site.paths()) == ["/b", "/c", "/linked", "/map.xml"]
    assert (counts["unchanged"], counts["not_requested"]) == (4, 1)
    spared = next(row for row in rows(tmp_path, NEXT) if row.url.endswith("/a"))
    assert (spared.status, spared.http_status) == ("not_modified", None) and "not requested" in (spared.detail or "")
    with Frontier(settings.state / "frontier.sqlite", EXTRACTOR) as frontier:
        known = frontier.known(spared.url)
    assert known is not None and known.checked_at is not None and known.checked_at < spared.fetched_at


def test_a_crawl_without_a_page_is_an_error_with_its_reasons(tmp_path: Path) -> None:
    """ "No task could be made" hides that the site forbids its pages, or is gone."""

    async def handle(request: Request, writer: StreamWriter) -> None:
        writer.write(response("none", status="403 Forbidden"))

    with running_site(handle) as site:
        counts = run_crawl(settings_for(tmp_path, site), DAY, silent)
    with pytest.raises(NothingCrawled, match="1 http_403"):
        refuse_empty(counts)
    assert Counter(row.status for row in rows(tmp_path, DAY)) == {"http_403": 1}
    refuse_empty({"urls": 0, "pages": 0})
