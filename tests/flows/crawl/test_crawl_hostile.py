"""A crawl of a site with every kind of fault ends, and each url has a reason code."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from schemas import Document
from tests.doubles.sites.hostile_site import ELSEWHERE, EXPECTED, hostile_site
from tests.doubles.sites.plain_site import RunningSite
from tests.flows.crawl.crawled import rows
from warehouse.console.progress import silent

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningSite, dict[str, Document]]]:
    """Crawl the hostile site once; each test checks one property of the result."""
    home = tmp_path_factory.mktemp("hostile")
    with hostile_site() as site:
        run_crawl(_settings(home, site), DAY, silent)
        yield site, {row.url.removeprefix(site.home): row for row in rows(home, DAY)}


def _settings(home: Path, site: RunningSite) -> Settings:
    return Settings(
        home=home,
        crawl=Crawl(
            seeds=[site.home],
            allow=[rf"^http://127\.0\.0\.\d+:{site.port}/"],
            allow_addresses=["127.0.0.1"],
            max_pages=60,
            timeout_s=3,
            retries=2,
            max_redirects=3,
            per_host=8,
            max_bytes=5_000_000,
        ),
    )


@pytest.mark.parametrize("path", EXPECTED)
def test_each_fault_has_its_reason_code(night: tuple[RunningSite, dict[str, Document]], path: str) -> None:
    """Without reason codes, a dead page could not be distinguished from a bug in the crawler."""
    row = night[1][path]
    assert (row.status, row.detail) == (EXPECTED[path], row.detail)
    assert row.status == "ok" or row.detail


def test_every_url_ends_in_one_row(night: tuple[RunningSite, dict[str, Document]]) -> None:
    """The requests that the site received and the rows in the lake must agree."""
    site, found = night
    assert set(site.paths()) <= set(found)
    statuses = {row.status for row in found.values()}
    assert statuses >= {"over_budget", "private_address"}
    assert sum(path.startswith("/m/") for path in found) == 2_000
    assert "198000 links after the first 2000" in (found["/many"].detail or "")


def test_a_private_address_is_never_requested(night: tuple[RunningSite, dict[str, Document]]) -> None:
    """A page that redirects to a private address must not make the crawler read internal services."""
    site, found = night
    assert not [request for request in site.requests if request.headers["host"].startswith(ELSEWHERE)]
    assert found[f"http://{ELSEWHERE}:{site.port}/secret"].status == "private_address"


def test_wrong_charsets_give_no_mojibake(night: tuple[RunningSite, dict[str, Document]]) -> None:
    """Mojibake passes every later gate and spoils tasks."""
    assert "Маяк стоит на скале" in (night[1]["/utf8-called-latin"].text or "")
    assert (night[1]["/cyrillic-called-utf8"].detail or "").startswith("charset_mismatch: ")


def test_only_transient_failures_are_retried(night: tuple[RunningSite, dict[str, Document]]) -> None:
    """Endless retries hang the crawl; without retries, pages are lost to short failures."""
    paths = night[0].paths()
    assert [paths.count(path) for path in ("/busy", "/broken", "/reset", "/truncated")] == [3, 3, 3, 3]
    assert [paths.count(path) for path in ("/busy-for-long", "/missing", "/pdf", "/drip", "/denied/page")] == [
        1,
        1,
        1,
        1,
        0,
    ]
