"""One day's crawl from settings to lake, against a small real site."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.settings import Settings, SettingsError
from tests.doubles.settings_variables import variables_of
from tests.doubles.sites.plain_site import RunningSite, plain_site, tree
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)


@pytest.mark.slow
def test_every_page_becomes_one_document(tmp_path: Path) -> None:
    """Linked pages, a page that only the sitemap lists, and a url that robots.txt denies each have one row."""
    with plain_site() as site:
        settings = settings_for(tmp_path, site, sitemaps=[f"{site.home}/sitemap.xml"])
        counts = run_crawl(settings, DAY, silent)
    found = {row.url.removeprefix(site.home): row for row in rows(tmp_path, DAY)}
    assert {path for path, row in found.items() if row.status == "ok"} == set(tree())
    assert (found["/denied"].status, found["/sitemap.xml"].status) == ("robots_denied", "sitemap")
    assert counts["pages"] == len(tree()) and counts["urls"] == len(found) == len(rows(tmp_path, DAY))
    leaf = found["/leaf/0/0"]
    assert (leaf.title, leaf.lang, leaf.run_id, leaf.http_status) == ("Leaf /leaf/0/0", "en", "2026-03-01", 200)
    assert [link.url for link in leaf.links] == [f"{site.home}/branch/1"]
    assert "sentence number 7" in (leaf.text or "")


def test_a_second_run_on_the_same_day_requests_nothing(tmp_path: Path) -> None:
    """Running the same command again must send no request and change no row."""
    with plain_site() as site:
        first = run_crawl(settings_for(tmp_path, site), DAY, silent)
        n_requests, before = len(site.requests), rows(tmp_path, DAY)
        assert run_crawl(settings_for(tmp_path, site), DAY, silent) == first
        assert (len(site.requests), rows(tmp_path, DAY)) == (n_requests, before)


def test_a_later_day_fetches_only_changed_pages(tmp_path: Path) -> None:
    """Unchanged pages keep their document id, their links are still followed, and their text is not sent again."""
    with plain_site() as site:
        run_crawl(settings_for(tmp_path, site), DAY, silent)
        run_crawl(settings_for(tmp_path, site), NEXT, silent)
    before = {row.url: row for row in rows(tmp_path, DAY)}
    after = {row.url: row for row in rows(tmp_path, NEXT)}
    assert before.keys() == after.keys()
    assert Counter(row.status for row in after.values()) == {"not_modified": len(tree()) - 1, "robots_denied": 1}
    assert all(row.doc_id == before[url].doc_id and row.text is None for url, row in after.items())


def test_the_budget_and_the_depth_leave_reasons(tmp_path: Path) -> None:
    """Urls that were found and not fetched must be counted, or the crawl looks complete when it is not."""
    with plain_site() as site:
        run_crawl(settings_for(tmp_path / "a", site, max_pages=3), DAY, silent)
        assert len(site.paths()) == 3
        run_crawl(settings_for(tmp_path / "b", site, max_depth=1), DAY, silent)
    of_budget = Counter(row.status for row in rows(tmp_path / "a", DAY))
    of_depth = Counter(row.status for row in rows(tmp_path / "b", DAY))
    assert of_budget == {"ok": 3, "robots_denied": 1, "over_budget": 12}
    assert of_depth == {"ok": 5, "robots_denied": 1, "over_depth": 20}


def test_the_order_of_responses_does_not_change_which_pages_are_fetched(tmp_path: Path) -> None:
    """With a page budget, a different choice of pages each night would give a different dataset each night."""
    with plain_site() as site:
        chosen = []
        for per_host in (1, 3, 8):
            home = tmp_path / str(per_host)
            run_crawl(settings_for(home, site, max_pages=11, per_host=per_host), DAY, silent)
            chosen.append({row.url for row in rows(home, DAY) if row.status == "ok"})
    assert chosen[0] == chosen[1] == chosen[2]


def test_crawl_delay_is_obeyed(tmp_path: Path) -> None:
    """A site whose crawl-delay is ignored blocks the crawler."""
    with plain_site("User-agent: HorizonFactory\nCrawl-delay: 0.3\n") as site:
        run_crawl(settings_for(tmp_path, site, max_pages=4, per_host=4), DAY, silent)
    times = [request.at for request in site.requests]
    assert len(times) == 7
    assert times[-1] - times[0] > 4 * 0.3  # five pauses; a busy machine may see one request late


@pytest.mark.parametrize("robots", ["User-agent: *\nCrawl-delay: 86400\n", "User-agent: *\nDisallow: /\n"])
def test_a_site_that_forbids_crawling_receives_one_request(tmp_path: Path, robots: str) -> None:
    """Only robots.txt is requested; the crawl does not wait, and the row gives the reason."""
    with plain_site(robots) as site:
        run_crawl(settings_for(tmp_path, site), DAY, silent)
        assert [request.path for request in site.requests] == ["/robots.txt"]
    assert rows(tmp_path, DAY)[0].status in {"crawl_delay", "robots_denied"}


def test_a_dead_host_is_skipped_after_some_failures(tmp_path: Path) -> None:
    """A dead host must cost minutes and not the night; its other urls have the reason host_unavailable."""
    seeds = [f"http://127.0.0.1:9/{n}" for n in range(40)]
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "crawl": {"seeds": seeds, "allow_addresses": ["127.0.0.1"], "retries": 0, "obey_robots": False},
        }
    )
    run_crawl(settings, DAY, silent)
    statuses = Counter(row.status for row in rows(tmp_path, DAY))
    assert set(statuses) == {"connect_failed", "host_unavailable"} and sum(statuses.values()) == 40
    assert statuses["connect_failed"] < 12


def _killed(settings: Settings, day: date, after: int) -> int:
    variables = {"FACTORY_HOME": str(settings.home), **variables_of(settings.crawl, "crawl")}
    command = [sys.executable, "-m", "tests.flows.crawl.crawl_killed", day.isoformat(), str(after)]
    return subprocess.run(command, env=os.environ | variables, check=False).returncode


@pytest.mark.slow
def test_a_crawl_that_is_killed_at_any_moment_resumes(tmp_path: Path) -> None:
    """A kill may cost the pages in flight, at most `concurrency`; no row is lost or doubled, no ended page fetched."""
    with plain_site() as site:
        settings = settings_for(tmp_path, site, concurrency=2)
        kills = 0
        while _killed(settings, DAY, after=8 + 3 * (kills % 2)) != 0:
            kills += 1
            assert kills < 15
        requested = Counter(site.paths())
        _check_whole(tmp_path, site)
    assert kills >= 2
    assert sum(requested.values()) - len(requested) <= kills * settings.crawl.concurrency


def _check_whole(home: Path, site: RunningSite) -> None:
    found = rows(home, DAY)
    assert Counter(row.status for row in found) == {"ok": len(tree()) - 1, "robots_denied": 1}
    assert len({row.url for row in found}) == len(found)
    assert {row.url.removeprefix(site.home) for row in found} == {*tree(), "/denied"} - {"/hidden"}


@pytest.mark.slow
def test_an_interrupted_crawl_is_closed_on_the_next_day(tmp_path: Path) -> None:
    """Urls of a crawl that was never resumed must not stay without a reason."""
    with plain_site() as site:
        assert _killed(settings_for(tmp_path, site, concurrency=2), DAY, after=6) != 0
        run_crawl(settings_for(tmp_path, site), NEXT, silent)
    statuses = Counter(row.status for row in rows(tmp_path, DAY))
    assert statuses["interrupted"] > 0 and statuses["ok"] > 0


def test_files_become_documents_or_reasons(tmp_path: Path) -> None:
    """Each file of a folder has one row with a status, and unchanged files are not read again."""
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("# Lighthouses\n\nSee [the keeper](https://example.org/keeper#x).\n")
    (folder / "deep" / "b.html").write_text("<title>B</title><p>A page about the keeper of the light, in words.</p>")
    (folder / "c.txt").write_bytes("Лодка плывет.".encode("utf-16"))
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "large.txt").write_text("x" * 2_000)
    (folder / "blank.md").write_text(" \n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    os.mkfifo(folder / "pipe.txt")
    settings = Settings.model_validate({"home": tmp_path, "crawl": {"folders": [folder], "max_bytes": 1_000}})
    (folder / "noise.txt").write_bytes(bytes(range(128, 256)) * 5)
    run_crawl(settings, DAY, silent)
    run_crawl(settings, NEXT, silent)
    found = {Path(row.url).name: row for row in rows(tmp_path, DAY)}
    assert {name: row.status for name, row in found.items()} == {
        "a.md": "ok", "b.html": "ok", "c.txt": "ok", "noise.txt": "bad_encoding", "large.txt": "too_large",
        "blank.md": "extraction_empty", "photo.jpg": "content_type", "pipe.txt": "unreadable",
        "notes": "collection",
    }  # fmt: skip
    assert (found["a.md"].title, found["a.md"].url) == ("Lighthouses", (folder / "a.md").as_uri())
    assert [link.url for link in found["a.md"].links] == ["https://example.org/keeper"]
    assert Counter(row.status for row in rows(tmp_path, NEXT))["not_modified"] == 3


@pytest.mark.parametrize(
    "crawl", [{"seeds": ["gopher://old.example"]}, {"seeds": ["http://a.b"], "allow": ["("]}, {"folders": ["/no/such"]}]
)
def test_invalid_crawl_settings_are_refused(tmp_path: Path, crawl: dict[str, object]) -> None:
    """The error must come before any request, and name the wrong key."""
    with pytest.raises(SettingsError, match="crawl"):
        run_crawl(Settings.model_validate({"home": tmp_path, "crawl": crawl}), DAY, silent)


def test_blocked_urls_are_not_requested_and_have_a_reason(tmp_path: Path) -> None:
    """A blocked page must not be fetched, nor the robots.txt of a blocked host."""
    with plain_site() as site:
        settings = settings_for(tmp_path / "page", site).model_copy(update={"blocklist": [r"/leaf/1/"]})
        run_crawl(settings, DAY, silent)
        assert not [path for path in site.paths() if path.startswith("/leaf/1/")]
        site.requests.clear()
        run_crawl(settings_for(tmp_path / "host", site).model_copy(update={"blocklist": ["127.0.0.1"]}), DAY, silent)
        assert site.requests == []
    page = [row for row in rows(tmp_path / "page", DAY) if row.status == "blocked"]
    assert page and all("/leaf/1/" in row.url and "/leaf/1/" in (row.detail or "") for row in page)
    assert Counter(row.status for row in rows(tmp_path / "host", DAY)) == {"blocked": 1}
