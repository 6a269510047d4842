"""Views over pages: one row per page however many addresses it has, and none for a page that is gone or forbidden."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas import Document, Link
from sources.text.document_builder import ExtractedPage, build_document, empty_document
from warehouse.connect import connect
from warehouse.lake import Lake, PartName

DAY = date(2026, 3, 1)
NIGHT = datetime(2026, 3, 1, 4, tzinfo=UTC)
HOST = "http://s.example"


def words(topic: str, n: int = 40) -> str:
    """A text of one topic: texts of two topics share no run of words."""
    return " ".join(f"the {topic} keeper trims lamp {topic}{number} before {topic} night" for number in range(n))


def text_row(path: str, text: str, nights: int = 0, **columns: Any) -> Document:
    url = path if "://" in path else f"{HOST}{path}"
    page = ExtractedPage("ok", title="T", text=text)
    row = build_document(url, DAY.isoformat(), page, source="web")
    return row.model_copy(update={"fetched_at": NIGHT + timedelta(days=nights), **columns})


def other_row(path: str, status: str, nights: int = 1, **columns: Any) -> Document:
    moment = NIGHT + timedelta(days=nights)
    return empty_document(f"{HOST}{path}", DAY.isoformat(), status, source="web", fetched_at=moment, **columns)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    yield Lake(tmp_path)


def answers(lake: Lake, rows: list[Document], sql: str) -> list[Any]:
    lake.write(Document, rows, PartName(DAY, "crawl", 0))
    return [tuple(str(value).replace(HOST, "") for value in row) for row in connect(lake).execute(sql).fetchall()]


PAGES = "select url from pages order by url"


@pytest.mark.parametrize(
    ("status", "http_status", "stays"),
    [
        ("http_404", 404, False), ("http_410", 410, False), ("http_403", 403, False), ("robots_denied", None, False),
        ("noindex", 200, False), ("error_page", 200, False), ("redirect_denied", 301, False), ("blocked", None, False),
        ("http_503", 503, True), ("timeout", None, True), ("over_budget", None, True),
        ("robots_unreachable", None, True),
        ("redirect_denied", 302, True), ("not_modified", 304, True), ("challenge", 200, True),
    ],
)  # fmt: skip
def test_a_page_leaves_when_it_is_gone_or_forbidden_and_stays_through_a_bad_night(
    lake: Lake, status: str, http_status: int | None, stays: bool
) -> None:
    """A page that was taken down must not be trained on, and a busy server must not empty the corpus."""
    rows = [
        text_row("/a", words("sea")),
        text_row("/b", words("hill")),
        other_row("/a", status, http_status=http_status),
    ]
    assert answers(lake, rows, PAGES) == [*([("/a",)] if stays else []), ("/b",)]


def test_a_page_that_comes_back_is_a_page_again(lake: Lake) -> None:
    """A fetch that answers 304 after a 404 sends no text: the page's earlier one counts again."""
    rows = [text_row("/a", words("sea")), other_row("/a", "http_404"), other_row("/a", "not_modified", 2)]
    assert answers(lake, rows, PAGES) == [("/a",)]


def test_a_page_past_its_date_leaves(lake: Lake) -> None:
    """The date passes without a fetch of the page."""
    rows = [
        text_row("/past", words("sea"), unavailable_after=datetime(2026, 3, 2, tzinfo=UTC)),
        text_row("/future", words("hill"), unavailable_after=datetime(2999, 1, 1, tzinfo=UTC)),
    ]
    assert answers(lake, rows, PAGES) == [("/future",)]


def test_addresses_with_one_text_are_one_page(lake: Lake) -> None:
    """A page at six addresses would give six times the tasks, and answers that are found in six places."""
    paths = ["/dir/", "/dir", "/dir/index.html", "https://s.example/dir/", "/print?of=dir"]
    rows = [text_row(path, f"{words('sea')} [up](http{'s' * ('s:' in path)}://s.example/up)") for path in paths]
    found = answers(lake, rows, "select url, len(aliases) from pages")
    assert found == [("https://s.example/dir/", "4")]


def test_a_canonical_address_counts_only_where_it_holds_the_page(lake: Lake) -> None:
    """Templates name wrong addresses: an error, the front page for every page, each other in a circle."""
    sea, hill = words("sea"), words("hill")

    def named(path: str, text: str, canonical: str) -> Document:
        return text_row(path, text, canonical_url=f"{HOST}{canonical}")

    rows = [
        text_row("/", words("home")), text_row("/sea", sea), other_row("/error", "http_404"),
        named("/sea?view=print", f"{sea} Printed today.", "/sea"), named("/hill", hill, "/"),
        named("/river", words("river"), "/error"), named("/x", words("circle") + " one", "/y"),
        named("/y", words("circle") + " two", "/x"), named("/elsewhere", words("far"), "/not/crawled"),
    ]  # fmt: skip
    assert answers(lake, rows, "select * from aliases") == [("/sea?view=print", "/sea", "canonical")]
    assert [row[0] for row in answers(lake, rows, PAGES)] == ["/", "/elsewhere", "/hill", "/river", "/sea", "/x", "/y"]


def test_spellings_of_one_address_are_one_page_if_their_texts_are_alike(lake: Lake) -> None:
    """http and https differ by a date in the footer; `/list` and `/list/index.php` can be two pages."""
    rows = [
        text_row("/a", words("sea") + " Printed on Monday."),
        text_row("https://www.s.example/a/", words("sea") + " Printed on Tuesday."),
        text_row("/list", words("hill")), text_row("/list/index.php", words("river")),
    ]  # fmt: skip
    assert answers(lake, rows, "select * from aliases") == [("/a", "https://www.s.example/a/", "spelling")]


def test_a_link_to_another_address_of_a_page_is_an_edge_to_the_page(lake: Lake) -> None:
    """Walks over links end at every redirect otherwise."""
    target = [f"{HOST}/old", f"{HOST}/new/index.html", f"{HOST}/from", f"{HOST}/loop"]
    links = [Link(url=url, anchor=url[len(HOST) :]) for url in target]
    rows = [
        text_row("/from", words("sea"), links=links),
        other_row("/old", "redirected", http_status=302, redirect_url=f"{HOST}/older"),
        other_row("/older", "redirected", http_status=301, detail=f"to {HOST}/new"),
        other_row("/loop", "redirected", http_status=301, redirect_url=f"{HOST}/loop"),
        text_row("/new", words("hill")),
        text_row("/new/index.html", words("hill")),
    ]
    assert answers(lake, rows, "select from_url, to_url, anchor from page_links") == [("/from", "/new", "/old")]
    found = answers(lake, rows, "select url, page_url, how from aliases order by url")
    assert found == [
        ("/new/index.html", "/new", "content"), ("/old", "/new", "redirect"), ("/older", "/new", "redirect"),
    ]  # fmt: skip


def test_documents_of_an_earlier_version_are_pages_of_their_own(lake: Lake) -> None:
    """A lake from before pages had keys must not lose a page, nor need a new crawl."""
    rows = [text_row(path, words("sea"), page_key=None, sketch=None, redirect_url=None) for path in ("/a", "/b", "/b/")]
    assert answers(lake, rows, PAGES) == [("/a",), ("/b",), ("/b/",)]
