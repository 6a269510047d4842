"""The frontier of a shard: links to others are kept with their page, sent once a round, and sent again on request."""

from datetime import date
from pathlib import Path

import pytest

from sources.frontier.database import FrontierBusy
from sources.frontier.frontier import Frontier
from sources.frontier.moving import copy_hosts, copy_taken
from sources.frontier.records import Admission
from sources.frontier.recovery import recovered
from sources.frontier.shard_frontier import ShardFrontier
from sources.text.document_builder import empty_document

DAY = date(2026, 3, 1)
OWN, FOREIGN = "http://own.example", "http://foreign.example"


def frontier_in(folder: Path, name: str = "shard.sqlite") -> ShardFrontier:
    return ShardFrontier(folder / name, "x", lambda origin: origin == OWN)


def link(url: str, depth: int = 1, place: int = 0) -> Admission:
    return Admission(url, "/".join(url.split("/")[:3]), "page", depth, -1, place)


def test_a_link_to_another_shard_is_sent_once_and_an_earlier_one_again(tmp_path: Path) -> None:
    with frontier_in(tmp_path) as frontier:
        frontier.admit(DAY, [link(f"{OWN}/a"), link(f"{FOREIGN}/a", 3), link(f"{FOREIGN}/b", 3)])
        assert frontier.hosts(DAY, "web") == [OWN]
        assert frontier.counts(DAY, "web").admitted == 3
        assert [one.url for one in frontier.links_of_round(DAY, 1)] == [f"{FOREIGN}/a", f"{FOREIGN}/b"]
        frontier.admit(DAY, [link(f"{FOREIGN}/a", 2), link(f"{FOREIGN}/b", 4)])
        assert [(one.url, one.depth) for one in frontier.links_of_round(DAY, 2)] == [(f"{FOREIGN}/a", 2)]
        assert [one.url for one in frontier.links_of_round(DAY, 2)] == [f"{FOREIGN}/a"], "a round that is run again"
        frontier.send_again(DAY)
        assert len(frontier.links_of_round(DAY, 1)) == 2
        frontier.send_again(date(2026, 3, 2))
        assert frontier.foreign_links(DAY) == []


def test_urls_deeper_than_the_round_wait(tmp_path: Path) -> None:
    with frontier_in(tmp_path) as frontier:
        frontier.admit(DAY, [link(f"{OWN}/a", 1), link(f"{OWN}/b", 2)])
        frontier.deepest = 1
        assert [visit.url for visit in frontier.take(DAY, "web", OWN, 10)] == [f"{OWN}/a"]
        frontier.finish(DAY, empty_document(f"{OWN}/a", "run", "http_404", source="web"), fetched=True)
        assert frontier.hosts(DAY, "web") == [] and frontier.take(DAY, "web", OWN, 10) == []
        frontier.deepest = 2
        assert [visit.url for visit in frontier.take(DAY, "web", OWN, 10)] == [f"{OWN}/b"]


def test_the_last_links_are_given_up(tmp_path: Path) -> None:
    with frontier_in(tmp_path) as frontier:
        frontier.admit(DAY, [link(f"{OWN}/{place}", 1, place) for place in range(10)])
        frontier.take(DAY, "web", OWN, 2)
        assert frontier.drop_beyond(DAY, "web", 4) == 6
        assert [visit.url for visit in frontier.take(DAY, "web", OWN, 9)] == [f"{OWN}/{place}" for place in range(4)]
        assert frontier.drop_beyond(DAY, "web", 1) == 0, "urls that were taken stay"


def test_a_frontier_that_another_process_holds_is_not_set_aside(tmp_path: Path) -> None:
    """The worker of a lost machine may still write: a second writer would damage the work of both."""

    class Impatient(ShardFrontier):
        busy_s = 0.1

    with frontier_in(tmp_path) as held, pytest.raises(FrontierBusy, match="held by another process"):
        recovered(held.path, lambda: Impatient(held.path, "x", lambda _: True))
    assert [path.name for path in tmp_path.glob("*damaged*")] == []
    frontier_in(tmp_path).close()


def test_hosts_move_with_the_newest_fetch_and_ended_urls_win(tmp_path: Path) -> None:
    """A page that both shards have a row of must not be fetched, nor written, a second time."""
    page = empty_document(f"{OWN}/a", "run", "ok", source="web", etag='"1"', content_sha256="0" * 64)
    with Frontier(tmp_path / "home.sqlite", "x") as home:
        home.admit(DAY, [link(f"{OWN}/a"), link(f"{FOREIGN}/a")])
        home.finish(DAY, page, fetched=True)
        home.drain(lambda *_: None)
        with frontier_in(tmp_path) as shard:
            shard.admit(DAY, [link(f"{OWN}/a")])
            for _ in range(2):  # a move that a kill interrupted is repeated
                copy_hosts(shard, home.path, lambda origin: origin == OWN)
            known = shard.known(f"{OWN}/a")
            assert known is not None and known.etag == '"1"'
            assert shard.tally(DAY) == {"ok": 1} and shard.hosts(DAY, "web") == []
            shard.drain(lambda *_: pytest.fail("the row is in a part of the other frontier"))


def test_urls_of_another_frontier_are_passed_over_and_not_counted(tmp_path: Path) -> None:
    with frontier_in(tmp_path) as shard:
        shard.admit(DAY, [link(f"{OWN}/a"), link(f"{OWN}/b")])
    with Frontier(tmp_path / "home.sqlite", "x") as home:
        copy_taken(home, tmp_path / "shard.sqlite", DAY, lambda origin: origin == OWN)
        home.admit(DAY, [link(f"{OWN}/a"), link(f"{OWN}/c")])
        assert [visit.url for visit in home.take(DAY, "web", OWN, 9)] == [f"{OWN}/c"]
        home.close_earlier(date(2026, 3, 2))
        assert home.tally(DAY) == {"interrupted": 1}
