"""The page of a night: every figure on it, nothing of a page or a model runs in it, and it looks right in a browser."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.doubles.browser import browser, needs_browser
from tests.doubles.lakes.hostile_night import DOMAINS, FIRST, REASONS, write_hostile_nights
from tests.doubles.lakes.nights import Made, write_nights
from warehouse.lake import Lake
from warehouse.report.drawing import PAGE, PRINT, png, svg
from warehouse.report.figures import ReportError, read_figures
from warehouse.report.page import night_page
from warehouse.report.summary import night_markdown

SHOWN = {"svg", "g", "path", "text", "line"}


class Elements(HTMLParser):
    """All elements and attributes of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names, self.attributes, self.text = set[str](), dict[str, set[str]](), ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("night") / "lake")
    write_hostile_nights(lake)
    return lake


@pytest.fixture(scope="module")
def page(lake: Lake) -> str:
    return night_page(read_figures(lake))


def test_nothing_of_a_page_or_a_model_is_an_element(page: str) -> None:
    """A domain or a reason that runs as HTML would read whatever the reader's browser may read."""
    found = Elements(page)
    assert not found.names & {"script", "img", "iframe", "object", "embed", "form", "image", "use", "foreignobject"}
    assert found.names >= SHOWN
    assert [name for name in found.attributes if name.startswith("on") or name == "style"] == []
    assert all(value.startswith("#") or value == "data:," for value in found.attributes["href"])
    assert "src" not in found.attributes
    assert "default-src 'none'" in "".join(found.attributes["content"])
    assert "\x1b" not in page
    for name in (DOMAINS[2], REASONS[2].removeprefix("status:"), "\\x1b[2J"):
        assert name in found.text


def test_the_same_lake_gives_the_same_page(lake: Lake, page: str) -> None:
    """Beside a release that is the same byte for byte, a page that differs looks like another release."""
    assert night_page(read_figures(lake)) == page


def test_a_night_shows_its_own_figures_beside_those_of_the_night_before(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    write_nights(lake, Made(tasks=10, kept=6), Made(tasks=8, kept=3, solved=5), Made(tasks=5, kept=2, solved=4))
    second = read_figures(lake, "2026-11-02")
    assert (second.run_id, second.before, second.nights) == ("2026-11-02", "2026-11-01", ["2026-11-01", "2026-11-02"])
    lines = night_markdown(second).splitlines()
    assert any(line.startswith("| planned | 8, ") and "| 10, " in line for line in lines)
    assert "| outcome:wrong\\_answer | 5 (62.5%) | 4 (40.0%) |" in lines
    assert "2026-11-03" not in night_page(second)
    assert read_figures(lake).run_id == "2026-11-03"
    first = read_figures(lake, "2026-11-01")
    assert first.before is None
    assert "The lake has one night yet" in night_page(first)
    assert 'class="before"' not in night_page(first)
    with pytest.raises(ReportError, match="2026-11-03, 2026-11-02, 2026-11-01"):
        read_figures(lake, "2026-12-24")
    with pytest.raises(ReportError, match="factory run"):
        read_figures(Lake(tmp_path / "empty"))


def test_the_markdown_of_a_night_keeps_its_tables(lake: Lake) -> None:
    """A reason with a bar or a tag in it would shift or run the cells of Prefect's page."""
    text = night_markdown(read_figures(lake))
    assert "<" not in text
    assert "](javascript" not in text.replace("\\](javascript", "")
    for block in text.split("\n\n"):
        rows = [line.replace("\\|", "").count("|") for line in block.splitlines() if line.startswith("|")]
        assert len(set(rows)) <= 1


@pytest.mark.parametrize("text", ["\x00\x1b[2J", "\ud800", "<script>&", "x" * 10_000, "]]>", "\u202eabc"])
def test_a_chart_takes_any_text(text: str) -> None:
    """The drawing library ends the whole process at a control character."""
    spec = {
        "title": text,
        "data": {"values": [{"name": text, "n": 1}]},
        "mark": "bar",
        "encoding": {"y": {"field": "name", "type": "nominal"}, "x": {"field": "n", "type": "quantitative"}},
    }
    assert Elements(svg(spec, PAGE)).names <= SHOWN
    assert png(spec, PRINT).startswith(b"\x89PNG")


@needs_browser
@pytest.mark.slow
def test_a_browser_shows_the_page_without_an_error(page: str, tmp_path: Path) -> None:
    """A page that is wider than a phone, or dark on dark, is not read."""
    path = tmp_path / "night.html"
    path.write_text(page, "utf-8")
    with browser(tmp_path / "profile") as tab:
        grounds = set()
        for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
            tab.screen(width, dark=dark)
            tab.open(path.as_uri())
            assert tab.overflow() == 0
            grounds.add((dark, tab.evaluate("getComputedStyle(document.body).backgroundColor")))
        assert len(grounds) == 2
        assert tab.evaluate("document.querySelectorAll('figure svg').length") >= len(DOMAINS)
        assert tab.evaluate("document.title") == f"Night {FIRST.replace(day=FIRST.day + 3)}"
        assert tab.faults == []
