"""The order of a crawl is that of its links, also while a large page of a level is still in a worker."""

import asyncio
import random
from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from schemas import Document
from tests.doubles.sites.plain_site import Request, RunningSite, page, response, running_site
from tests.flows.crawl.crawled import rows, settings_for
from warehouse.console.progress import silent

DAY = date(2026, 3, 1)
LARGE = "/large"
NAMES = [*(f"/{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"), *(f"/n{n}" for n in range(25))]


def _pages() -> dict[str, str]:
    """Path → page, or the path to which it redirects: links and redirects between all names, the same on every run."""
    chance = random.Random(7)
    pages = {name: page(name, *chance.sample(NAMES, 4), words=f"Alone {name}. " * 30) for name in NAMES}
    pages |= {name: chance.choice(NAMES) for name in chance.sample(NAMES, 8)}
    large = "".join(f"<h2>{n}</h2><p>Item {n} is <b>one</b> of <i>many</i>.</p>" for n in range(6_000))
    pages |= {
        "/a": page("First", *NAMES[:8], LARGE),
        LARGE: f"<html lang=en><body>{large}<a href=/z>z</a></body></html>",
    }
    return pages | {"/": page("Home", "/a", LARGE, *NAMES[10:14], *NAMES[30:34])}


async def _answer(request: Request, writer: asyncio.StreamWriter) -> None:
    found = PAGES.get(request.path)
    if found is None:
        writer.write(response("nothing", status="404 Not Found"))
    elif found.startswith("/"):
        writer.write(response("", status="302 Found", Location=found))
    else:
        writer.write(response(found))


PAGES = _pages()


def _crawled(home: Path, site: RunningSite, **crawl: object) -> dict[str, Document]:
    run_crawl(settings_for(home, site, obey_directives=[], **crawl), DAY, silent)
    return {row.url.removeprefix(site.home): row for row in rows(home, DAY)}


@pytest.mark.parametrize("budget", [20, 34, 500])
def test_pages_begun_early_are_those_of_complete_levels(tmp_path: Path, budget: int) -> None:
    """One page at a time, a level is complete before the next begins; a crawl of many pages must not choose others."""
    with running_site(_answer) as site:
        in_turn = _crawled(tmp_path / "1", site, max_pages=budget, concurrency=1)
        at_once = _crawled(tmp_path / "8", site, max_pages=budget, per_host=8)
    assert {url: row.status for url, row in at_once.items()} == {url: row.status for url, row in in_turn.items()}


def test_a_large_page_does_not_hold_up_the_next_level(tmp_path: Path) -> None:
    """Its level would else keep one worker busy, and all others idle until it has ended."""
    with running_site(_answer) as site:
        found = _crawled(tmp_path, site, per_host=8)
    assert found[NAMES[0]].status == found[LARGE].status == "ok"
    assert found[NAMES[0]].fetched_at < found[LARGE].fetched_at
