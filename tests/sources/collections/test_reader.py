"""Reading of collections: killed and resumed, within a budget, beside other sources, with wrong settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.flows.crawl.nights import FIRST, SECOND, by_name, night, settings_of, survives_kills, tally

WORDS = "The bell of the tower rings at noon and is heard as far as the mill on the other side of the river. "


def _pages(folder: Path, count: int) -> None:
    folder.mkdir()
    for n in range(count):
        (folder / f"{n:02}.md").write_text(f"# Page {n}\n\n{n} {WORDS}\n")


@pytest.mark.slow
def test_killed_nights_of_a_folder_give_the_same_rows(tmp_path: Path) -> None:
    """A machine that loses power in a night must neither lose pages nor store one twice, nor forget what is gone."""
    docs = tmp_path / "docs"
    _pages(docs, 40)
    source = {"kind": "folder", "paths": [str(docs)]}

    def change() -> None:
        (docs / "07.md").write_text(f"# New\n\nChanged. {WORDS}\n")
        (docs / "08.md").unlink()
        (docs / "09.html").write_text(f"<meta name=robots content=noai><p>{WORDS}</p>")

    first, second = survives_kills(tmp_path, source, seed=1, change=change)
    assert tally(first) == {"ok": 40, "collection": 1}
    assert tally(second) == {"not_modified": 38, "ok": 1, "gone": 1, "noai": 1, "collection": 1}


def test_a_budget_is_spent_on_new_pages_so_that_the_next_night_goes_on(tmp_path: Path) -> None:
    """Otherwise a night would read the same first pages of a large collection for ever."""
    _pages(tmp_path / "docs", 7)
    settings = settings_of(tmp_path, {"kind": "folder", "paths": [tmp_path / "docs"], "max_pages": 4})
    first = night(settings, FIRST)
    assert tally(first) == {"ok": 4, "over_budget": 1}
    assert "max_pages = 4 was reached" in (first[(tmp_path / "docs").as_uri()].detail or "")
    second = night(settings, SECOND)
    assert tally(second) == {"not_modified": 4, "ok": 3, "collection": 1}


def test_a_collection_that_could_not_be_read_to_its_end_loses_no_page(tmp_path: Path) -> None:
    """A page that a reading did not reach is not gone."""
    _pages(tmp_path / "docs", 5)
    source = {"kind": "folder", "paths": [tmp_path / "docs"]}
    night(settings_of(tmp_path, source), FIRST)
    (tmp_path / "docs" / "00.md").write_text(f"# New\n\n{WORDS}")
    (tmp_path / "docs" / "01.md").write_text(f"# New, too\n\n{WORDS}")
    second = night(settings_of(tmp_path, source | {"max_pages": 1}), SECOND)
    assert "gone" not in tally(second)


def test_a_page_of_two_sources_is_read_once(tmp_path: Path) -> None:
    """Two rows of one address in a night would be the same page with two sources."""
    _pages(tmp_path / "docs", 2)
    (tmp_path / "docs" / "deep").mkdir()
    first = {"kind": "folder", "name": "a", "paths": [tmp_path / "docs" / "deep" / ".."]}
    second = {"kind": "folder", "name": "b", "paths": [tmp_path / "docs", tmp_path / "docs" / "deep"]}
    found = night(settings_of(tmp_path / "home", first, second), FIRST)
    assert {row.source for row in found.values() if row.status == "ok"} == {"a"} and tally(found)["ok"] == 2


def test_blocked_pages_of_a_collection_are_not_read(tmp_path: Path) -> None:
    """An address that the settings block must not come back by way of a file."""
    _pages(tmp_path / "docs", 2)
    settings = settings_of(tmp_path / "home", {"kind": "folder", "paths": [tmp_path / "docs"]})
    found = by_name(night(settings.model_copy(update={"blocklist": ["/docs/01"]}), FIRST))
    assert (found["00.md"].status, found["01.md"].status) == ("ok", "blocked")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([{"kind": "folder", "paths": ["a"]}, {"kind": "folder", "paths": ["b"]}], "two sources are called folder"),
        ([{"kind": "folder", "name": "page", "paths": ["a"]}], "write a small letter"),
        ([{"kind": "wrac", "paths": ["a"]}], "does not match any of the expected tags"),
        ([{"kind": "web"}], "name seeds or sitemaps"),
        ([{"kind": "warc", "paths": ["ftp://a/b"]}], "is no address that the factory knows"),
    ],
)
def test_wrong_entries_of_the_settings_are_refused(
    tmp_path: Path, sources: list[dict[str, object]], message: str
) -> None:
    """A typing error must be seen before the night, with the words to write instead."""
    with pytest.raises(ValidationError, match=message):
        settings_of(tmp_path, *sources)
