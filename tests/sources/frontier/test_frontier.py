"""The frontier: each url once per day, in an order independent of timing, and each row in exactly one part."""

from datetime import date
from pathlib import Path

import pytest

from schemas import Document
from sources.frontier.frontier import Frontier, FrontierError
from sources.frontier.records import Admission
from sources.frontier.recovery import open_frontier
from sources.text.document_builder import ExtractedPage, build_document, empty_document

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)
HOST = "http://a.example"


def _admission(path: str, *, depth: int = 0, parent: int = -1, place: int = 0) -> Admission:
    return Admission(f"{HOST}/{path}", HOST, "page", depth, parent, place)


def _ok(path: str) -> Document:
    found = ExtractedPage("ok", title=path, text=f"The text of {path}.", links=((f"{HOST}/next", "next"),))
    return build_document(f"{HOST}/{path}", DAY.isoformat(), found, source="web", etag='"1"')


def test_order_does_not_depend_on_the_order_of_responses(tmp_path: Path) -> None:
    """The position of a url follows the earliest page that links to it, not the page fetched first."""
    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.admit(DAY, [_admission("late", depth=1, parent=5), _admission("deep", depth=2, parent=0)])
        frontier.admit(DAY, [_admission("early", depth=1, parent=1), _admission("late", depth=1, parent=0, place=3)])
        assert [visit.url for visit in frontier.take(DAY, "web", HOST, 10)] == [f"{HOST}/late", f"{HOST}/early"]


def test_a_link_that_comes_again_changes_the_order_only_if_it_is_earlier(tmp_path: Path) -> None:
    """Menus link to every page from every page; a link that was passed over as known would lose an earlier place."""
    first = [_admission("b", depth=1, parent=7), _admission("a", depth=1, parent=8)]
    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.admit(DAY, [_admission("x"), _admission("y", place=1)])
        frontier.finish(DAY, _ok("x"), fetched=True, links=first)
        frontier.finish(DAY, _ok("y"), fetched=True, links=[_admission("b", depth=1, parent=9), *first])
        frontier.admit(NEXT, first)
    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.admit(DAY, [_admission("a", depth=1, parent=9), _admission("a", depth=1, parent=2)])
        assert [visit.url for visit in frontier.take(DAY, "web", HOST, 9)] == [f"{HOST}/a", f"{HOST}/b"]
        assert [visit.url for visit in frontier.take(NEXT, "web", HOST, 9)] == [f"{HOST}/b", f"{HOST}/a"]


def test_a_kill_before_the_commit_of_a_part_repeats_the_same_part(tmp_path: Path) -> None:
    """The rows of an interrupted part are written again under the same number, also if more urls have ended since."""
    parts: dict[tuple[date, int], list[str]] = {}

    def write(day: date, seq: int, rows: list[Document]) -> None:
        parts[day, seq] = [row.url for row in rows]

    def write_and_die(day: date, seq: int, rows: list[Document]) -> None:
        write(day, seq, rows)
        raise KeyboardInterrupt

    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.admit(DAY, [_admission(str(n), place=n) for n in range(6)])
        for n in range(4):
            frontier.finish(DAY, _ok(str(n)), fetched=True)
        with pytest.raises(KeyboardInterrupt):
            frontier.drain(write_and_die)
        before = dict(parts)
        frontier.finish(DAY, _ok("4"), fetched=True)
    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.close_run(DAY, "web", "enough")
        frontier.drain(write)
        frontier.drain(write)
        assert frontier.tally(DAY) == {"ok": 5, "over_budget": 1}
    assert parts[DAY, 0] == before[DAY, 0] and len(parts[DAY, 0]) == 4
    assert sorted(url for urls in parts.values() for url in urls) == [f"{HOST}/{n}" for n in range(6)]


def test_the_first_outcome_of_a_url_is_final(tmp_path: Path) -> None:
    """A response that arrives after the url has ended must not change its row."""
    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.admit(DAY, [_admission("x")])
        frontier.finish(DAY, _ok("x"), fetched=True, links=[_admission("y", depth=1, parent=0)])
        frontier.finish(DAY, empty_document(f"{HOST}/x", DAY.isoformat(), "timeout", source="web"), fetched=True)
        frontier.admit(DAY, [_admission("x")])
        assert frontier.tally(DAY) == {"ok": 1}
        assert frontier.counts(DAY, "web").waiting == 1


def test_pages_of_another_extractor_version_are_not_reused(tmp_path: Path) -> None:
    """After an improvement of the extractor, unchanged pages must be fetched again."""
    with Frontier(tmp_path / "f.sqlite", "1") as frontier:
        frontier.admit(DAY, [_admission("x")])
        frontier.finish(DAY, _ok("x"), fetched=True)
        known = frontier.known(f"{HOST}/x")
        assert known is not None and (known.etag, known.links) == ('"1"', [f"{HOST}/next"])
    with Frontier(tmp_path / "f.sqlite", "2") as frontier:
        assert frontier.known(f"{HOST}/x") is None


def test_the_error_of_a_damaged_file_names_the_remedy(tmp_path: Path) -> None:
    """A stack trace of SQLite does not show how to continue."""
    (tmp_path / "f.sqlite").write_bytes(b"not a database at all, but longer than a header" * 40)
    with pytest.raises(FrontierError, match="factory lake repair"):
        Frontier(tmp_path / "f.sqlite", "1")


def test_a_damaged_file_is_kept_aside_and_a_new_frontier_started(tmp_path: Path) -> None:
    """A night must not end before its first page because of a file that holds nothing unique."""
    path = tmp_path / "f.sqlite"
    path.write_bytes(b"not a database at all, but longer than a header" * 40)
    frontier, lost = open_frontier(path, "1")
    with frontier:
        assert lost and "f.sqlite.damaged-1" in lost
        assert frontier.counts(DAY, "web").admitted == 0
        frontier.start_after(DAY, 3)
    assert (tmp_path / "f.sqlite.damaged-1").exists()
    assert open_frontier(path, "1")[1] is None
