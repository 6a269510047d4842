"""The feed source: new entries only, their pages fetched by the rules of the crawl, over a real server on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sources.feed.parse import parse_feed
from tests.flows.crawl.nights import FIRST, SECOND, THIRD, by_name, night, settings_of, survives_kills

WORDS = "The council decided on Tuesday to renew the quay, which costs four million and takes two years. " * 3
PAGE = f'<title>{{0}}</title><p>{{0}} {WORDS}<a href="/other">o</a></p>'


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        site.paths.append(self.path)
        body = site.files.get(self.path)
        etag = f'"{hash(body)}"'
        unchanged = body is not None and self.headers.get("If-None-Match") == etag
        self.send_response(304 if unchanged else 200 if body is not None else 404)
        content = b"" if unchanged or body is None else body.encode()
        for name, value in {"ETag": etag, "Content-Type": site.media_type, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


class Site:
    """A site of texts by path, which answers conditional requests."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {"/robots.txt": "User-agent: *\nDisallow: /private\n"}
        self.paths: list[str] = []
        self.media_type = "text/html; charset=utf-8"
        self.home = ""


@contextmanager
def feed_site() -> Iterator[Site]:
    """Serve a site on a free port."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.site = site  # type: ignore[attr-defined]
    site.home = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def rss(*entries: tuple[str, str, str]) -> str:
    """Return an RSS feed of (path, date, content) entries."""
    items = "".join(
        f"<item><title>T{path}</title><link>{path}</link><pubDate>{date}</pubDate>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded></item>"
        for path, date, content in entries
    )
    names = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f'<?xml version="1.0"?><rss version="2.0" {names}><channel><title>News</title>{items}</channel></rss>'


def test_a_later_night_fetches_new_and_updated_entries_only(tmp_path: Path) -> None:
    """A feed that is read like a site would fetch every entry each night, and pages that are no entries."""
    monday, tuesday = "Mon, 02 Mar 2026 08:00:00 GMT", "Tue, 03 Mar 2026 08:00:00 GMT"
    with feed_site() as site:
        for name in ("/1", "/2", "/3", "/private/4"):
            site.files[name] = PAGE.format(name)
        site.files["/feed"] = rss(("/1", monday, ""), ("/2", monday, ""), ("/private/4", monday, ""))
        settings = settings_of(tmp_path, {"kind": "feed", "name": "news", "urls": [f"{site.home}/feed"]})
        first = by_name(night(settings, FIRST))
        assert {name: row.status for name, row in first.items()} == {
            "feed": "collection", "1": "ok", "2": "ok", "4": "robots_denied",
        }  # fmt: skip
        assert first["1"].source == "news" and "/other" not in site.paths
        site.paths.clear()
        assert {name: row.status for name, row in by_name(night(settings, SECOND)).items()} == {"feed": "not_modified"}
        assert site.paths == ["/robots.txt", "/feed"]
        site.files["/feed"] = rss(("/1", monday, ""), ("/2", tuesday, ""), ("/3", tuesday, ""))
        site.files["/2"] = PAGE.format("Changed")
        assert {name: row.status for name, row in by_name(night(settings, THIRD)).items()} == {
            "feed": "collection", "2": "ok", "3": "ok",
        }  # fmt: skip


def test_the_content_of_an_entry_can_be_the_page(tmp_path: Path) -> None:
    """Many feeds hold whole articles, so that no page needs to be asked for; a summary is not enough."""
    with feed_site() as site:
        site.files["/feed"] = rss(("/1", "Mon, 02 Mar 2026 08:00:00 GMT", f"<p>In full. {WORDS}</p>"), ("/2", "", ""))
        site.files["/2"] = PAGE.format("Two")
        source = {"kind": "feed", "urls": [f"{site.home}/feed"], "full_text": "content", "license": "CC-BY-4.0"}
        found = by_name(night(settings_of(tmp_path, source), FIRST))
    assert (found["1"].title, found["1"].license) == ("T/1", "CC-BY-4.0")
    assert (found["1"].text or "").startswith("In full.") and found["2"].status == "ok"
    assert "/1" not in site.paths


def test_an_address_that_is_no_feed_has_its_reason(tmp_path: Path) -> None:
    """A page instead of a feed would leave a source that never brings anything, without a word."""
    with feed_site() as site:
        site.files["/"] = PAGE.format("Home")
        urls = [f"{site.home}/", f"{site.home}/nothing", f"{site.home}/private/feed"]
        found = night(settings_of(tmp_path, {"kind": "feed", "urls": urls}), FIRST)
    assert [found[url].status for url in urls] == ["extraction_empty", "http_404", "robots_denied"]


@pytest.mark.parametrize(
    "body",
    [
        "<rss version='0.91'><channel><title>x</title><item><title>a</title><link>/1</link></item></channel></rss>",
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
        "<channel rdf:about='x'/><item rdf:about='/1'><title>a</title><link>/1</link></item></rdf:RDF>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>a</title><link href='1'/><id>x</id></entry></feed>",
        '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "x", "url": "/1", "title": "a"}]}',
        "<rss version='2.0'><channel><item><title>a</title><link>/1</link></item><item><tit",
    ],
)
def test_feeds_of_every_format_are_read(body: str) -> None:
    """Feeds are written by hand and by old programs; a reader of one format loses the others."""
    [entry] = parse_feed(body.encode(), "http://a.example/feed", "") or []
    assert (entry.url, entry.title) == ("http://a.example/1", "a")


@pytest.mark.parametrize("body", [b"", b"<html><title>x</title></html>", b'{"a": 1}', b"{", bytes(range(256))])
def test_what_is_no_feed_has_no_entries(body: bytes) -> None:
    """Noise must not become an empty feed, which looks like a feed without news."""
    assert parse_feed(body, "http://a.example/feed", "text/html") is None


@pytest.mark.slow
def test_killed_nights_of_a_feed_give_the_same_rows(tmp_path: Path) -> None:
    """A night that is killed between a feed and its pages must not lose an entry, which no later night requests."""
    monday, tuesday = "Mon, 02 Mar 2026 08:00:00 GMT", "Tue, 03 Mar 2026 08:00:00 GMT"
    with feed_site() as site:
        names = [f"/{n}" for n in range(20)]
        site.files |= {name: PAGE.format(name) for name in names}
        site.files["/feed"] = rss(*((name, monday, "") for name in names))
        source = {"kind": "feed", "urls": [f"{site.home}/feed"]}

        def change() -> None:
            site.files["/feed"] = rss(*((name, tuesday, "") for name in ["/1", "/2", "/3", "/new", "/private/4"]))
            site.files |= {"/1": PAGE.format("Changed"), "/3": "<meta name=robots content=noai>" + PAGE.format("/3")}
            site.files["/new"] = PAGE.format("New")
            del site.files["/2"]

        first, second = survives_kills(tmp_path, source, seed=1, change=change)
    assert len(first) == 21
    assert {name: row.status for name, row in by_name(second).items()} == {
        "feed": "collection", "1": "ok", "2": "http_404", "3": "noai", "new": "ok", "4": "robots_denied",
    }  # fmt: skip
