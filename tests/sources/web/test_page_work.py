"""A page that a worker finishes has the row, the links and the raw record that its bytes give anywhere."""

import re
import signal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sources.archive.raw_capture import CaptureRefused, SafeResponse, _without_tags
from sources.frontier.records import KnownPage
from sources.http.fetch import FetchResult
from sources.rights.declarations import EVERY_DIRECTIVE, SiteRights
from sources.rights.tdm import Reservation, TdmFile
from sources.rights.usage_preferences import RobotsPreferences
from sources.text.extract import Layout
from sources.text.extraction_pool import ExtractionPool, failed_page
from sources.web.page_work import FinishedPage, PageRules, PageWork, finish_extracted, finish_page
from sources.web.site import Site

URL = "http://a.example/page"
RULES = PageRules("2026-03-01", "web", Layout(), True, "CC0-1.0", EVERY_DIRECTIVE, keep_raw=True)
RIGHTS = SiteRights(
    "AcmeBot",
    RobotsPreferences((("/", {"search": True}), ("/private", {"ai-train": False}))),
    TdmFile((("/paid/*", Reservation(True)), ("*", Reservation(False)))),
)
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
KEEPER = "<h1>Light</h1><p>The keeper of the light wrote to {} in the year of the storm, and lit the lamp again.</p>"
NASTY = [
    KEEPER.format("ada@corp.net").encode(),
    KEEPER.format("ada&#64;corp.net").encode(),
    KEEPER.format(f"{TOKEN[:9]}<wbr>{TOKEN[9:]}").encode(),
    KEEPER.format("the mainland").encode()
    + f"<!-- {TOKEN} --><a href='/x?k=%67hp&amp;%zz' title='1 > 0 < 2'>x</a>".encode(),
    KEEPER.format("Köln").encode("latin-1"),
    KEEPER.format("ada@corp.net ü").encode("utf-16"),
    b"<meta name=robots content='noindex, nofollow'>" + KEEPER.format("ada@corp.net").encode(),
    b"<meta name=robots content=nofollow><a href=/y>y</a>" + KEEPER.format("+49 30 901820").encode(),
    b"<frameset><frame src=/frame></frameset>",
    b"",
    bytes(range(256)) * 20,
    b"%PDF-1.7 cut",
    b"&#" + b"9" * 5_000 + b";" + KEEPER.format("all").encode(),
]


def work(body: bytes, url: str = URL, known: KnownPage | None = None) -> PageWork:
    """Return the work on a page of a site with statements on its paths."""
    response = FetchResult("ok", code=200, headers={"content-type": "text/html", "set-cookie": "s=1"}, body=body)
    return PageWork(url, response, RULES, Site(RIGHTS), known)


def comparable(page: FinishedPage) -> tuple[object, ...]:
    """Return what a crawl uses of a page, without the moment at which it was made."""
    document = page.document and page.document.model_copy(update={"fetched_at": None})
    raw = type(page.raw), str(page.raw) if isinstance(page.raw, CaptureRefused) else None
    return document, page.stated, page.links, raw


@pytest.mark.slow
async def test_a_worker_gives_what_the_process_itself_gives() -> None:
    """Pages would differ by the process that read them, and no run could be repeated."""
    async with ExtractionPool(2) as pool:
        for body in NASTY:
            assert comparable(await pool.call(finish_page, work(body))) == comparable(finish_page(work(body)))


def test_no_secret_leaves_a_worker() -> None:
    """The crawl's own process stores what it gets, and searches nothing again."""
    for body in NASTY:
        page = finish_page(work(body))
        assert TOKEN not in repr(page) and "ada@corp.net" not in repr(page)


def test_the_time_limit_of_a_page_ends_with_it() -> None:
    """It would end the process during a later page, which is innocent."""
    finish_page(work(NASTY[0]))
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_page_with_the_known_text_has_no_row_and_its_response_is_compared() -> None:
    """It would be stored every night, row and raw response."""
    first = finish_page(work(NASTY[0])).document
    assert first is not None and first.content_sha256 is not None and isinstance(finish_page(work(NASTY[0])).raw, bytes)
    known = KnownPage(first.doc_id, first.content_sha256, first.title, None, None, [], license=first.license)
    again = finish_page(work(NASTY[0], known=known))
    assert again.document is None and isinstance(again.raw, SafeResponse) and b"[REDACTED:email]" in again.raw.body


def test_a_page_that_is_too_much_for_a_worker_keeps_row_and_raw_response() -> None:
    """The bytes that crash a parser are what its author asks for."""
    page = finish_extracted(work(NASTY[0]), failed_page(MemoryError("no memory")))
    assert page.document is not None and page.document.status == "extraction_failed"
    assert page.document.detail == "MemoryError: no memory" and isinstance(page.raw, bytes)


@pytest.mark.parametrize("path", ["/", "/private/x", "/paid/x", "/paid"])
def test_the_statements_sent_with_a_page_are_all_that_apply_to_it(path: str) -> None:
    """A rule that is left out would let a reserved page into the corpus."""
    url = f"http://a.example{path}"
    narrow = RIGHTS.narrowed_to(url)
    assert narrow.preferences.of(url) == RIGHTS.preferences.of(url)
    assert narrow.reservations.of(url) == RIGHTS.reservations.of(url)


@settings(deadline=None)
@given(st.text("<>/a! \n&"))
@example("<a <b> c>")
def test_tags_are_removed_as_by_their_pattern(source: str) -> None:
    """A tag that stays inside a secret hides it from the search."""
    assert _without_tags(source) == re.sub("<[^<>]*>", "", source)
