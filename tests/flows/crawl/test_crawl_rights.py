"""Statements of a page and its site about their use are obeyed and recorded, on every night."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from flows.crawl.crawler import run_crawl
from schemas import Document
from tests.doubles.sites.plain_site import Request, RunningSite, page, response, running_site
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)


@contextmanager
def site_of(pages: dict[str, bytes | Callable[[Request], bytes]]) -> Iterator[RunningSite]:
    """Serve whole responses by path; a missing one is answered by 404."""

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        found = pages.get(request.path, response("nothing here", status="404 Not Found"))
        writer.write(found(request) if callable(found) else found)

    with running_site(handle) as site:
        yield site


def crawled(home: Path, site: RunningSite, day: date = DAY, **crawl: object) -> dict[str, Document]:
    """Crawl one night; return the rows by path."""
    run_crawl(settings_for(home, site, **crawl), day, silent)
    return {row.url.removeprefix(site.home): row for row in rows(home, day)}


def _with_head(title: str, head: str, *links: str) -> str:
    return page(title, *links).replace("</head>", f"{head}</head>")


PAGES: dict[str, bytes | Callable[[Request], bytes]] = {
    "/": response(
        page("Home", "/noindex", "/header", "/tdm", "/reserved/a", "/rel", "/plain", "/expired", "/refused/a")
    ),
    "/robots.txt": response("User-agent: *\nContent-Signal: /refused/ search=yes, ai-train=no\n", "text/plain"),
    "/.well-known/tdmrep.json": response('[{"location": "/reserved/", "tdm-reservation": 1}]', "application/json"),
    "/noindex": response(_with_head("No index", '<meta name=robots content="noindex, nofollow">', "/from-nofollow")),
    "/header": response(page("Header"), X_Robots_Tag="otherbot: noindex\r\nX-Robots-Tag: noai"),
    "/tdm": response(_with_head("Mining", '<meta name="tdm-reservation" content="1">')),
    "/reserved/a": response(page("Reserved")),
    "/refused/a": response(page("Refused")),
    "/expired": response(page("Old"), X_Robots_Tag="unavailable_after: 25 Jun 2010 15:00:00 PST"),
    "/plain": response(page("Plain"), X_Robots_Tag="otherbot: noindex, nofollow"),
    "/rel": response(
        page("Rel", "/plain") + '<a rel="ugc nofollow" href="/from-rel">x</a><a rel=nofollow href="/plain">y</a>'
    ),
    "/from-nofollow": response(page("From nofollow")),
    "/from-rel": response(page("From rel")),
}  # fmt: skip


def test_a_page_that_a_directive_forbids_has_a_reason_and_no_text(tmp_path: Path) -> None:
    """Forbidden text in the lake is trained on; without the columns such pages could not be found again."""
    with site_of(PAGES) as site:
        found = crawled(tmp_path, site, license="cc by 4.0")
        asked = site.paths()
    assert {path: row.status for path, row in found.items()} == {
        "/": "ok", "/noindex": "noindex", "/header": "noai", "/tdm": "tdm_reserved", "/reserved/a": "tdm_reserved",
        "/refused/a": "content_signal", "/expired": "unavailable_after", "/plain": "ok", "/rel": "ok",
    }  # fmt: skip
    refused = [row for row in found.values() if row.status != "ok"]
    assert all(row.text is None and row.warc_file is None and row.detail and row.title for row in refused)
    assert "/from-nofollow" not in asked and "/from-rel" not in asked
    assert (found["/noindex"].noindex, found["/noindex"].nofollow, found["/noindex"].noai) == (True, True, False)
    assert [link.url for link in found["/noindex"].links] == [f"{site.home}/from-nofollow"]
    assert found["/refused/a"].content_signal == "ai-train=no, search=yes"
    assert found["/header"].x_robots_tag == "otherbot: noindex | noai"
    assert found["/rel"].nofollow_links == [f"{site.home}/from-rel"]
    assert {row.license for row in found.values()} == {"CC-BY-4.0"}


def test_settings_set_directives_aside(tmp_path: Path) -> None:
    """A team with a license for the site must be able to read it; what is stated is recorded all the same."""
    with site_of(PAGES) as site:
        strict = crawled(tmp_path, site)
        found = crawled(tmp_path, site, NEXT, obey_directives=["noai"])
    assert {path for path, row in found.items() if row.status != "ok"} == {"/header"}
    assert found["/noindex"].noindex and found["/reserved/a"].text and found["/from-nofollow"].text
    assert strict["/tdm"].tdm_reservation is True


def test_a_statement_made_later_holds_for_a_page_that_did_not_change(tmp_path: Path) -> None:
    """A server that answers 304 sends no page; what its headers and robots.txt forbid since then holds all the same."""

    def unchanged(request: Request) -> bytes:
        if request.headers.get("if-none-match"):
            return response(b"", status="304 Not Modified", ETag='"1"', X_Robots_Tag="noai")
        return response(page("Home"), ETag='"1"')

    with site_of({"/": unchanged}) as site:
        assert crawled(tmp_path, site)["/"].status == "ok"
        assert crawled(tmp_path, site, NEXT)["/"].status == "noai"


def test_errors_that_answer_200_are_recognised_by_a_wrong_address(tmp_path: Path) -> None:
    """A site in any language can answer a dead link with a page of its own words."""
    error = response(page("Lamps", words="Hier ist leider nichts zu sehen, und auch kein anderer Leuchtturm steht da."))
    pages = {"/": response(page("Home", "/dead", "/alive")), "/alive": response(page("Alive"))}

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        missing = response("none", status="404 Not Found") if "." in request.path else error
        writer.write(pages.get(request.path, missing))

    with running_site(handle) as site:
        found = crawled(tmp_path, site)
    assert {path: row.status for path, row in found.items()} == {"/": "ok", "/alive": "ok", "/dead": "error_page"}


def test_a_calendar_is_bounded_and_articles_are_not(tmp_path: Path) -> None:
    """A calendar without end takes the whole budget of a night; an archive of articles has the same form of url."""

    def dated(number: int) -> bytes:
        return response(
            page(f"Month {number}", f"/cal?m={number + 1}", words="There are no events in this month. " * 5)
        )

    def article(number: int) -> bytes:
        words = " ".join(f"lamp{number * 100 + n} keeps the sea{number * 100 + n} bright" for n in range(20))
        return response(page(f"Article {number}", f"/news?id={number + 1}", words=words))

    pages: dict[str, bytes | Callable[[Request], bytes]] = {
        "/": response(page("Home", "/cal?m=0", "/news?id=0", "/a/b/a/b/a/b/a/b")),
        **{f"/cal?m={n}": dated(n) for n in range(60)},
        **{f"/news?id={n}": article(n) for n in range(20)},
    }
    with site_of(pages) as site:
        found = crawled(tmp_path, site, max_alike=5, max_depth=100)
    assert sum(path.startswith("/cal") and row.status == "ok" for path, row in found.items()) == 6
    assert (found["/cal?m=6"].status, found["/a/b/a/b/a/b/a/b"].status) == ("crawl_trap", "crawl_trap")
    assert all(found[f"/news?id={n}"].status == "ok" for n in range(20))


def test_a_calendar_of_one_page_is_bounded_too(tmp_path: Path) -> None:
    """A page that links to each day of ten years would take the budget of a night before its pages are compared."""
    words = "There are no events on this day. " * 5
    days, news = [f"/day/{n}" for n in range(120)], [f"/news/{n}" for n in range(40)]
    pages: dict[str, bytes | Callable[[Request], bytes]] = {
        "/": response(page("Home", *days, *news)),
        **{day: response(page("Day", words=words)) for day in days},
        **{
            one: response(page(one, words=" ".join(f"lamp{n}x{k} shines" for k in range(30))))
            for n, one in enumerate(news)
        },
    }
    with site_of(pages) as site:
        found = crawled(tmp_path, site, max_alike=5)
    assert 5 <= sum(found[day].status == "ok" for day in days) <= 12
    assert {found[day].status for day in days} == {"ok", "crawl_trap"}
    assert all(found[one].status == "ok" for one in news)
