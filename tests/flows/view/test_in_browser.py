"""The pages in a real Chromium: no console error, nothing of a hostile page runs, and they fit a phone's screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.browser import Browser, browser, needs_browser
from tests.flows.view.viewed import client, pages, write_home
from warehouse.lake import Lake

pytestmark = [needs_browser, pytest.mark.slow]
SCREENS = [(1280, False), (1280, True), (390, False), (390, True)]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def test_every_page_shows_hostile_text_as_text_on_every_screen(tab: Browser, tmp_path: Path) -> None:
    """A page that an agent opened must not run, hide or restyle anything for the person who reads it."""
    lake = Lake(tmp_path / "lake")
    made = write_home(lake)
    first, second = (row.trajectory_id for row in made.trajectories[:2])
    with pages(lake) as server:
        root = server.address.partition("?")[0]
        tab.open(server.address)
        assert "token" not in tab.evaluate("location.href")
        paths = ("", f"attempts/{first}", f"tasks/{made.tasks[0].task_id}", f"compare?a={first}&b={second}", "clusters")
        for width, dark in SCREENS:
            tab.screen(width, dark=dark)
            for number, path in enumerate(paths):
                tab.open(root + path)
                tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
                assert "owned" not in tab.evaluate("document.title")
                assert (
                    tab.evaluate("document.scripts.length + document.querySelectorAll('main style, main img').length")
                    == 0
                )
                assert tab.evaluate("getComputedStyle(document.body).display") == "block"
                assert tab.overflow() <= 0, (path, width)
                tab.screenshot(tmp_path / f"{number}-{width}-{'dark' if dark else 'light'}.png")
        tab.open(f"{root}attempts/{first}")
        shown = tab.evaluate("document.body.innerText")
        assert "<script>document.title" in shown and "\\x202edesrever" in shown and "{{ 7 * 7 }}" in shown
    assert tab.faults == []


def test_a_person_filters_reads_compares_and_audits(tab: Browser, tmp_path: Path) -> None:
    """The way through the pages that a person takes, by their own links and forms."""
    lake, audit = Lake(tmp_path / "lake"), tmp_path / "audit.csv"
    made = write_home(lake)
    ids = [row.trajectory_id for row in made.trajectories[2:4]]
    lines = [f"{id},a question,a truth,an answer,," for id in ids]
    audit.write_text("\n".join(["trajectory_id,question,truth,answer,is_correct,note", *lines]) + "\n")
    with pages(lake, audit=audit) as server, client(server):
        tab.open(server.address)
        tab.evaluate("document.querySelector('input[value=no]').checked = true")
        tab.evaluate("document.querySelector('input[name=note]').value = 'a, \"note\"'")
        tab.click("form.audit button")
        assert "1 of 2 answered" in tab.evaluate("document.querySelector('h1').innerText")
        tab.click("nav a")
        tab.evaluate("document.querySelector('select[name=fate]').value = 'rejected'")
        tab.click("form.filters button")
        assert tab.evaluate("document.querySelector('h1').innerText") == "1 attempt"
        tab.click(".facts a")
        tab.click("form button")
        assert tab.evaluate("document.querySelectorAll('.pair.heads > div').length") == 2
    assert audit.read_text().splitlines()[1] == f'{ids[0]},a question,a truth,an answer,no,"a, ""note"""'
    assert tab.faults == []
