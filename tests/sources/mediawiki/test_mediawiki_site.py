"""The mediawiki source against a real MediaWiki on php and SQLite: nights, text, kills, and a wiki that is too busy."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.doubles.sites.mediawiki import LICENSE, MediaWiki, need_mediawiki, running_wiki
from tests.doubles.sites.plain_site import Request, RunningSite, running_site
from tests.flows.crawl.nights import FIRST, SECOND, THIRD, crawl_source, statuses, survives_kills

PAGE = """The '''metre''' is a [[unit]], see [[Old name]] and [[Nowhere]]; <math>E = mc^2</math>.<ref>A source.</ref>

== Table ==
{| class="wikitable"
! Unit !! Length
|-
| foot || 30 cm
|}
<syntaxhighlight lang="python">
print(1)
</syntaxhighlight>
"""


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[MediaWiki]:
    """A fresh wiki with its main page."""
    need_mediawiki()
    with running_wiki(tmp_path / "wiki") as running:
        yield running


def section(api: str, **keys: object) -> dict[str, object]:
    """The entry of `[[crawl.sources]]` for a wiki."""
    return {"kind": "mediawiki", "api": api, **keys}


@pytest.mark.slow
def test_nights_of_a_wiki(tmp_path: Path, wiki: MediaWiki) -> None:
    """Without it every page is requested every night, and deleted or renamed pages stay in tasks."""
    wiki.edit("Metre", PAGE)
    wiki.edit("Unit", "A unit measures. See [[Metre]].")
    wiki.edit("Old name", "Text of the page.")
    wiki.edit("Secret", "Open for now.")
    home = tmp_path / "home"
    first = crawl_source(home, FIRST, section(wiki.api))
    pages = wiki.page("")
    assert statuses(first, pages) == dict.fromkeys(("Main_Page", "Metre", "Unit", "Old_name", "Secret"), "ok")
    metre = first[wiki.page("Metre")]
    assert (metre.title, metre.license, metre.lang) == ("Metre", LICENSE, "en")
    for part in ("## Table", "| foot | 30 cm", "E = mc^2", "print(1)", f"[unit]({wiki.page('Unit')})", "Nowhere"):
        assert part in (metre.text or "")
    assert "A source." not in (metre.text or "")
    assert [link.url for link in metre.links] == [wiki.page("Unit"), wiki.page("Old name")]

    wiki.edit("Unit", "A unit measures much.")
    wiki.delete("Metre")
    wiki.move("Old name", "New name")
    wiki.edit("Secret", "Closed.")
    wiki.forbid("Secret")
    second = crawl_source(home, SECOND, section(wiki.api))
    assert statuses(second, pages) == {
        "Main_Page": "not_modified", "Unit": "ok", "Metre": "gone", "New_name": "ok", "Old_name": "redirected",
        "Secret": "http_403",
    }  # fmt: skip
    assert second[wiki.page("Old name")].detail == f"to {wiki.page('New name')}"
    third = crawl_source(home, THIRD, section(wiki.api))
    assert statuses(third) == {wiki.api: "not_modified"}


@pytest.mark.slow
def test_a_killed_night_of_a_wiki_gives_the_same_rows(tmp_path: Path, wiki: MediaWiki) -> None:
    """A night that is killed and resumed must not lose or repeat a page."""
    wiki.edit_all({f"Page {number}": f"Text [[Page {number + 1}]]." for number in range(12)})
    [found] = survives_kills(tmp_path, section(wiki.api), seed=3)
    assert len(found) == 14


@contextmanager
def _answers(*bodies: str, kind: str = "application/json", head: str = "") -> Iterator[RunningSite]:
    """A server that answers with each body in turn, and with the last one from then on."""
    left = list(bodies)

    async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
        body = left.pop(0) if len(left) > 1 else left[0]
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}".encode()
        )

    with running_site(answer) as site:
        yield site


def test_a_busy_wiki_is_asked_again_after_the_seconds_that_it_names(tmp_path: Path) -> None:
    """A crawler that ignores maxlag is blocked by the large wikis."""
    lag = '{"error": {"code": "maxlag", "info": "Waiting for a database: 7 seconds lagged"}}'
    with _answers(lag, lag, '{"query": {"recentchanges": []}}', '{"query": {}}', head="Retry-After: 0\r\n") as site:
        found = crawl_source(tmp_path, FIRST, section(f"{site.home}/api.php"))
    assert len(site.paths()) == 4
    assert [row.status for row in found.values()] == ["protocol_error"]
    with _answers(lag, head="Retry-After: 0\r\n") as site:
        found = crawl_source(tmp_path, SECOND, section(f"{site.home}/api.php"))
    assert [(row.status, "7 seconds lagged" in (row.detail or "")) for row in found.values()] == [
        ("host_unavailable", True)
    ]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("<html>Log in</html>", "text/html", "content_type"),
        ("[1, 2", "application/json", "protocol_error"),
        ('{"error": {"code": "readapidenied", "info": "You need read permission"}}', "application/json", "http_403"),
        ('{"error": "odd"}', "application/json", "protocol_error"),
        ('{"query": {"recentchanges": [{"title": 5}]}}', "application/json", "protocol_error"),
    ],
)
def test_an_address_that_is_no_open_wiki_has_a_reason(tmp_path: Path, body: str, kind: str, status: str) -> None:
    """The row names what is wrong with the address; the other sources are still read."""
    with _answers(body, kind=kind) as site:
        found = crawl_source(tmp_path, FIRST, section(f"{site.home}/api.php"))
    assert [row.status for row in found.values()] == [status]
