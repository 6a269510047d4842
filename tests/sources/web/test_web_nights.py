"""Nights of a further web source: changed, removed and forbidden pages, and kills at random moments."""

from asyncio import StreamWriter
from pathlib import Path

import pytest

from tests.doubles.sites.plain_site import Request, page, response, running_site
from tests.flows.crawl.nights import survives_kills, tally


@pytest.mark.slow
def test_killed_nights_of_a_site_give_the_same_rows(tmp_path: Path) -> None:
    """A night that is killed among its pages must not lose or repeat one, nor keep a removed one."""
    names = ["/", *(f"/{n}" for n in range(24))]
    pages = {name: page(f"Page {name}", *names[: place + 5]) for place, name in enumerate(names)}
    robots = "User-agent: *\nDisallow: /never"

    async def handle(request: Request, writer: StreamWriter) -> None:
        if request.path == "/robots.txt":
            writer.write(response(robots, "text/plain"))
        elif request.path in pages:
            writer.write(response(pages[request.path]))
        else:
            writer.write(response("", status="404 Not Found"))

    with running_site(handle) as site:
        source = {"kind": "web", "name": "handbook", "seeds": [site.home]}

        def change() -> None:
            nonlocal robots
            robots += "\nDisallow: /9"
            pages["/5"] = page("Changed", *names)
            pages["/6"] = pages["/6"].replace("<head>", "<head><meta name=robots content=noindex>")
            del pages["/7"]

        first, second = survives_kills(tmp_path, source, seed=1, change=change)
    assert tally(first) == {"ok": 25}
    assert tally(second) == {"not_modified": 21, "ok": 1, "noindex": 1, "http_404": 1, "robots_denied": 1}
