"""The library: search results for any query, inexact addresses, and an index that is never visible half-built."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sources.index.library import Library, NotFound, Page, windows
from sources.index.passage_splitter import passages
from sources.index.scripts import lowercase_words
from tests.doubles.sites.small_wiki import HOST, documents

DAY = date(2026, 1, 2)
HOSTILE = [
    "",
    " ",
    "((",
    '"',
    "a AND OR NOT",
    "title:x^3",
    "in [a TO b]",
    "*",
    "\ud800",
    "x" * 100_000,
    "é\x00\n",
    "-+~",
]


def pages() -> Iterator[Page]:
    """Yield the pages of the small wiki."""
    return (Page(row.doc_id, row.url, row.title, row.text) for row in documents(DAY) if row.text)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "index"
    Library.build(path, pages())
    return path


@pytest.fixture(scope="module")
def library(built: Path) -> Library:
    return Library.open(built)


def test_a_query_finds_the_page_and_the_matching_passage(library: Library) -> None:
    """A result must show the place that answers the query, not the start of its page."""
    hit = library.search("colza oil until a dynamo of 4 kilowatts")[0]
    assert hit.title == "Ashholm Lighthouse"
    assert "dynamo of 4 kilowatts" in hit.passage


def test_the_best_passage_is_cut_to_one_sentence(library: Library) -> None:
    """A small model answers best from a single sentence."""
    hit = library.best_passage('"Its lamp burned ____ oil until a dynamo of 4 kilowatts was brought ashore in 1904."')
    assert hit is not None
    assert hit.passage == "Its lamp burned colza oil until a dynamo of 4 kilowatts was brought ashore in 1904."


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_is_an_error(library: Library, query: str) -> None:
    """An agent can type anything; a syntax error would cost it a turn."""
    library.search(query)
    library.best_passage(query)
    library.find(f"{HOST}/island/0", query)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60))
@example("\ud800")
def test_any_text_is_a_query_or_an_unknown_page(library: Library, text: str) -> None:
    """Any other exception would abort the attempt."""
    library.search(text)
    try:
        library.open_page(text)
    except NotFound as error:
        assert str(error)


@pytest.mark.parametrize(
    "address", ["wiki.test/light/0", f"{HOST}/light/0/", f"<{HOST}/light/0#x>", "ashness lighthouse"]
)
def test_an_inexact_address_finds_its_page(library: Library, address: str) -> None:
    """Agents write addresses from memory, or give a title."""
    assert library.open_page(address).url == f"{HOST}/light/0"


def test_the_error_of_an_unknown_page_lists_the_nearest_pages(library: Library) -> None:
    """An agent can continue from the nearest pages."""
    with pytest.raises(NotFound, match=r"nearest are: http://wiki\.test/light/"):
        library.open_page("http://wiki.test/ashness-lighthouse-tower")


def test_the_error_of_a_window_past_the_end_gives_their_number(library: Library) -> None:
    """An agent can request a valid window next."""
    with pytest.raises(NotFound, match="has 1 pages"):
        library.open_page(f"{HOST}/light/0", page=2)


def test_find_returns_the_window_that_its_passage_begins_in(tmp_path: Path) -> None:
    """An agent opens that window to read on."""
    text = "Filler words of a page.\n\n" * 400 + "The heron sleeps on one leg."
    Library.build(tmp_path / "x", [Page("d", "http://a/b", "B", text)])
    library = Library.open(tmp_path / "x")
    found = library.find("http://a/b", "heron sleeps")[0]
    window = library.open_page("http://a/b", found.page)
    assert window.page == window.n_pages > 1 and "heron sleeps" in window.text
    assert "heron sleeps" in found.passage


def test_find_returns_nothing_for_words_not_on_the_page(library: Library) -> None:
    """An unrelated passage would be taken as evidence."""
    assert library.find(f"{HOST}/light/0", "xylophone") == []


@given(st.text(max_size=400), st.integers(4, 50))
def test_windows_cover_the_page_exactly(text: str, size: int) -> None:
    """Text between two windows would be unreadable."""
    cut = windows(text, size)
    assert "".join(cut) == text
    assert all(len(window) <= size for window in cut)


@given(st.lists(st.sampled_from(["# Head", "A cat sat. It slept.", "- item", "| a | b |", "word " * 130, "", "f(x)"])))
def test_passages_hold_all_words_of_the_page(lines: list[str]) -> None:
    """A word outside all passages could not be found."""
    markdown = "\n".join(lines)
    kept = " ".join(passage.text for passage in passages(markdown))
    assert lowercase_words(kept) == lowercase_words(markdown)


def test_many_threads_read_one_library(library: Library) -> None:
    """All attempts of a process share one open index."""
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: library.search("barrels of kelp")[0].url, range(64)))
    assert len(set(found)) == 1


def test_an_interrupted_build_is_invisible_and_removed_later(tmp_path: Path) -> None:
    """A half-built index would hide pages from every search."""

    def cut_short() -> Iterator[Page]:
        yield next(pages())
        raise KeyboardInterrupt

    path = tmp_path / "index"
    with pytest.raises(KeyboardInterrupt):
        Library.build(path, cut_short())
    with pytest.raises(NotFound):
        Library.open(path)
    (tmp_path / ".index.999999999.tmp").mkdir()
    Library.build(path, pages())
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_an_existing_index_is_not_rebuilt(built: Path) -> None:
    """Attempts may be reading it."""
    before = (built / "meta.json").stat().st_mtime_ns
    assert Library.build(built, iter([])) == 62
    assert (built / "meta.json").stat().st_mtime_ns == before


MUSEUMS = [
    ("Zürich Museum", "Das Café der Künstler öffnete 1916."),
    ("東京国立博物館", "東京国立博物館は、日本最古の博物館である。猫も歓迎する。"),
    ("故宫博物院", "故宫博物院位于北京市中心,是明清两代的皇家宫殿。"),
    ("พิพิธภัณฑ์", "พิพิธภัณฑ์แห่งนี้เปิดเมื่อปี ๒๕๒๐ ในกรุงเทพมหานคร"),
    ("국립중앙박물관", "국립중앙박물관은 서울에 있는 큰 박물관이다."),
    ("Harbour Museum", "The lighthouse keeper lived above the customs office."),
]


@pytest.fixture(scope="module")
def museums(tmp_path_factory: pytest.TempPathFactory) -> Library:
    path = tmp_path_factory.mktemp("museums") / "index"
    Library.build(path, [Page(str(n), f"http://m/{n}", *page) for n, page in enumerate(MUSEUMS)])
    return Library.open(path)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("Zurich kunstler", "Zürich Museum"),
        ("ZÜRICH CAFÉ", "Zürich Museum"),
        ("博物館 日本", "東京国立博物館"),
        ("猫", "東京国立博物館"),
        ("皇家宫殿", "故宫博物院"),
        ("เปิดเมื่อปี", "พิพิธภัณฑ์"),
        ("서울 박물관", "국립중앙박물관"),
        ("lihgthouse", "Harbour Museum"),
        ("custms ofice", "Harbour Museum"),
        ("\uff28arbour", "Harbour Museum"),
    ],
)
def test_a_query_finds_its_page_in_every_script_and_with_typing_errors(
    museums: Library, query: str, title: str
) -> None:
    """Pages without spaces between words could not be found, nor those whose accents an agent leaves out."""
    assert museums.search(query)[0].title == title


def test_short_words_and_numbers_match_exactly(museums: Library) -> None:
    """Another year, or another short name, would be shown in its place."""
    assert museums.search("1917") == museums.search("cst") == []


def test_find_reads_words_of_scripts_without_spaces(museums: Library) -> None:
    assert museums.find("http://m/2", "皇家宫殿")[0].passage.startswith("故宫博物院位于")


def test_pages_of_results_hold_each_page_once_until_none_follows(library: Library) -> None:
    """An agent that must list a set would miss members, or see them twice."""
    seen, page = list[str](), 1
    while (results := library.results("island lighthouse keeper", 5, page)).hits:
        seen += [hit.url for hit in results.hits]
        assert results.more == bool(library.results("island lighthouse keeper", 5, page + 1).hits)
        page += 1
    assert len(seen) == len(set(seen)) > 50
    assert [hit.url for hit in library.search("island lighthouse keeper", len(seen))] == seen


def test_a_result_shows_where_its_page_holds_the_other_words(tmp_path: Path) -> None:
    """An agent that sees one of two words only passes over the page that holds both."""
    text = f"The heron sleeps on one leg.\n\n{'Filler words of a page. ' * 60}\n\nIts nest is made of reed."
    Library.build(tmp_path / "x", [Page("d", "http://a/b", "B", text)])
    hit = Library.open(tmp_path / "x").results("heron nest").hits[0]
    shown = f"{hit.passage} {hit.more}"
    assert len(hit.more) == 1 and "heron sleeps" in shown and "nest is made" in shown
