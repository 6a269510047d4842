"""How far a crawl reaches: from a seed that moved, over sitemaps, refreshes and frames, past a busy robots.txt."""

import gzip
from asyncio import StreamWriter
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from schemas import Document
from tests.doubles.sites.plain_site import Request, page, response, running_site
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent

DAY = date(2026, 3, 1)
HOME = "{home}"
"""Placeholder for the site's address in a reply."""


def crawled(tmp_path: Path, replies: Mapping[str, bytes], **crawl: object) -> dict[str, Document]:
    """Crawl a site that answers with these bytes, else with 404; return its rows by path."""

    async def handle(request: Request, writer: StreamWriter) -> None:
        reply = replies.get(request.path, response("none", status="404 Not Found"))
        writer.write(reply.replace(HOME.encode(), b"http://127.0.0.1:%d" % site.port))

    with running_site(handle) as site:
        seeds = crawl.pop("seeds", ["{home}/"])
        assert isinstance(seeds, list)
        settings = settings_for(
            tmp_path, site, seeds=[seed.format(home=site.home, port=site.port) for seed in seeds], **crawl
        )
        run_crawl(settings, DAY, silent)
    return {row.url.removeprefix(site.home): row for row in rows(tmp_path, DAY)}


def redirect(target: str) -> bytes:
    return b"HTTP/1.1 301 Moved\r\nLocation: %s\r\nConnection: close\r\n\r\n" % target.encode()


def unsized(body: str, media_type: str = "text/html") -> bytes:
    """A response without a length, so that an address inside may be filled in."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n{body}".encode()


def test_the_scope_follows_a_seed_to_another_host(tmp_path: Path) -> None:
    """`example.com` redirects to `www.example.com`: without it the whole crawl is one refused redirect."""
    replies = {"/": redirect(f"{HOME}/home"), "/home": unsized(page("Home", "/next")), "/next": unsized(page("Next"))}
    found = crawled(tmp_path, replies, seeds=["http://localhost:{port}/"])
    assert {path: row.status for path, row in found.items() if path.startswith("/")} == {"/home": "ok", "/next": "ok"}


def test_a_pattern_or_a_page_does_not_widen_the_scope(tmp_path: Path) -> None:
    """Only start urls move; what the settings exclude stays excluded."""
    away = redirect("http://localhost:9/")
    found = crawled(tmp_path / "page", {"/": unsized(page("Home", "/away")), "/away": away})
    assert found["/away"].status == "redirect_denied"
    denied = crawled(tmp_path / "seed", {"/": away}, deny=["//localhost"])
    assert denied["/"].status == "redirect_denied"


@pytest.mark.parametrize("media_type", ["text/html", "application/octet-stream", "application/xml"])
def test_sitemaps_of_robots_txt_are_crawled(tmp_path: Path, media_type: str) -> None:
    """Pages without a link to them are found only there, whatever type the server gives the file."""
    listed = "\ufeff<urlset><url><loc>/p1</loc><image><loc>/i.jpg</loc></image></url></urlset>"
    listed_maps = (f"<sitemap><loc>{loc}</loc></sitemap>" for loc in (f"{HOME}/map.xml.gz", "/none.xml"))
    index = f"<sitemapindex>{''.join(listed_maps)}</sitemapindex>"
    packed = gzip.compress(listed.encode())
    replies = {
        "/robots.txt": unsized(f"User-agent: *\nDisallow:\nSitemap: {HOME}/index.xml\n", "text/plain"),
        "/": unsized(page("Home")),
        "/index.xml": unsized(index, media_type),
        "/map.xml.gz": response(packed, media_type),
        "/p1": unsized(page("Listed")),
    }
    found = crawled(tmp_path, replies, max_pages=2)
    assert {path: row.status for path, row in found.items()} == {
        "/": "ok", "/index.xml": "sitemap", "/map.xml.gz": "sitemap", "/none.xml": "http_404", "/p1": "ok",
    }  # fmt: skip


def test_endless_sitemaps_end(tmp_path: Path) -> None:
    """A sitemap that lists ever new sitemaps must not take the night."""

    async def handle(request: Request, writer: StreamWriter) -> None:
        n = int("".join(filter(str.isdigit, request.path)) or 0)
        listed = "".join(f"<sitemap><loc>/map{n + k}.xml</loc></sitemap>" for k in range(1, 90))
        writer.write(response(f"<sitemapindex>{listed}</sitemapindex>", "text/xml"))

    with running_site(handle) as site:
        settings = settings_for(
            tmp_path, site, seeds=[], sitemaps=[f"{site.home}/map.xml"], obey_robots=False, per_host=8
        )
        run_crawl(settings, DAY, silent)
    assert Counter(row.status for row in rows(tmp_path, DAY)) == {"sitemap": 201}


def test_refreshes_and_frames_are_followed(tmp_path: Path) -> None:
    """Old sites move and show their pages in this way."""
    replies = {
        "/": unsized(page("Home", "/moved", "/header", "/framed", "/inline")),
        "/moved": unsized('<meta http-equiv=refresh content="0;url=/new">'),
        "/header": unsized("").replace(b"Connection", b"Refresh: 1; url=/new\r\nConnection"),
        "/framed": unsized("<frameset><frame src=/main></frameset>"),
        "/inline": unsized("<body><iframe src=/inside></iframe>"),
        "/new": unsized(page("New")),
        "/main": unsized(page("Main")),
        "/inside": unsized(page("Inside")),
    }
    found = crawled(tmp_path, replies)
    assert {path for path, row in found.items() if row.status == "ok"} == {"/", "/new", "/main", "/inside"}
    assert [found[path].status for path in ("/moved", "/header")] == ["redirected"] * 2
    assert (found["/moved"].detail or "").endswith("/new")


@pytest.mark.parametrize("failure", [b"", response("busy", status="503 Busy", Retry_After="0")])
def test_a_robots_txt_that_fails_once_is_retried(tmp_path: Path, failure: bytes) -> None:
    """One reset connection must not cost the whole host for the night."""
    asked = Counter[str]()

    async def handle(request: Request, writer: StreamWriter) -> None:
        asked[request.path] += 1
        if request.path == "/robots.txt":
            writer.write(
                failure if asked[request.path] == 1 else response("User-agent: *\nDisallow: /no\n", "text/plain")
            )
        else:
            writer.write(response(page("Home", "/no")))

    with running_site(handle) as site:
        run_crawl(settings_for(tmp_path, site), DAY, silent)
    assert Counter(row.status for row in rows(tmp_path, DAY)) == {"ok": 1, "robots_denied": 1}
    assert asked["/robots.txt"] == 2


@pytest.mark.slow
def test_a_second_run_of_a_night_asks_again_for_a_robots_txt_that_failed(tmp_path: Path) -> None:
    """A server that was down for an hour must not cost its site the whole night, when the run is started again."""
    is_down = True

    async def handle(request: Request, writer: StreamWriter) -> None:
        if request.path == "/robots.txt":
            writer.write(response("busy", status="503 Busy") if is_down else response("User-agent: *", "text/plain"))
        elif request.path in ("/", "/next"):
            writer.write(response(page("Page", "/next")))
        else:
            writer.write(response("", status="404 Not Found"))

    with running_site(handle) as site:
        source = {"kind": "feed", "urls": [f"{site.home}/feed"]}
        settings = settings_for(tmp_path, site, retries=0, sources=[source])
        run_crawl(settings, DAY, silent)
        assert [row.status for row in rows(tmp_path, DAY)] == ["robots_unreachable"] * 2
        is_down = False
        counts = run_crawl(settings, DAY, silent)
        n_requests = len(site.requests)
        assert run_crawl(settings, DAY, silent) == counts and len(site.requests) == n_requests
    newest = {row.url.removeprefix(site.home): row.status for row in rows(tmp_path, DAY)}
    assert newest == {"/": "ok", "/next": "ok", "/feed": "http_404"}
    assert (counts["urls"], counts["pages"]) == (3, 2)
