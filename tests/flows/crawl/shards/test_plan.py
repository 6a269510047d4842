"""The plan of a round: levels in their order, links to their owners, and one budget over all shards."""

from pathlib import Path

from flows.crawl.shards.link_parts import LinkPart
from flows.crawl.shards.plan import Planner, fair_shares
from flows.crawl.shards.round import Report
from flows.crawl.shards.shard import owner
from sources.frontier.records import Counts
from sources.web.crawl_config import Budget


def test_small_demands_are_met_first_and_no_page_is_left_over() -> None:
    assert fair_shares(10, [1, 20, 20]) == [1, 4, 5]
    assert fair_shares(1, [5, 5, 5]) == [0, 0, 1]
    assert fair_shares(100, [1, 2, 3]) == [1, 2, 3]
    assert fair_shares(0, [1, 2]) == [0, 0]


def test_a_level_begins_once_all_shards_have_ended_the_one_before() -> None:
    """A page that is reached by a detour first would pass for one beyond max_depth."""
    planner = Planner(Budget(100, 1000), [report({0: 1}), report({2: 5})])
    first = planner.next_round(1)
    assert set(first) == {0} and first[0].deepest == 0
    planner.take(0, report({}, outbox=(LinkPart(Path("part"), 1, 7, 1),)))
    second = planner.next_round(2)
    assert set(second) == {1} and second[1].deepest == 1 and second[1].inbox[0].links == 7
    planner.take(1, report({2: 12}))
    assert planner.next_round(3)[1].deepest == 2
    planner.take(1, report({}))
    assert planner.next_round(4) == {}


def test_links_travel_after_the_last_page_of_the_budget() -> None:
    """A link that is not delivered would have no row: each admitted url ends with a reason."""
    sent = (LinkPart(Path("part"), 1, 4, 1),)
    planner = Planner(Budget(3, 1000), [report({1: 9}, fetched=3, outbox=sent), report({})])
    last = planner.next_round(1)
    assert set(last) == {1} and last[1].budget.pages == 0 and last[1].inbox
    planner.take(1, report({1: 4}))
    assert planner.next_round(2) == {}


def test_pages_of_all_shards_are_those_of_the_settings() -> None:
    planner = Planner(Budget(10, 1000), [report({0: 50}, fetched=4), report({0: 1}), report({0: 50})])
    pages = [budget.pages for budget in planner.budgets()]
    assert pages == [4 + 2, 1, 3]


def test_urls_beyond_the_limit_of_all_shards_are_given_up() -> None:
    """A sitemap of one host may use the whole limit; two of them give up their last links together."""
    room = Planner(Budget(10, 1000), [report({0: 1}, admitted=600), report({0: 1}, admitted=100)])
    assert [budget.urls for budget in room.budgets()] == [600 + 300, 100 + 300]
    both = [report({0: 1}, admitted=900, untaken=800), report({0: 1}, admitted=400, untaken=390)]
    full = Planner(Budget(10, 1000), both)
    assert [budget.urls for budget in full.budgets()] == [100 + 500, 10 + 390]


def test_hosts_without_a_robots_file_come_last() -> None:
    planner = Planner(Budget(10, 1000), [report({0: 1}), report({}, postponed=3)])
    assert not planner.next_round(1)[0].is_last
    planner.take(0, report({}))
    last = planner.next_round(2)
    assert set(last) == {1} and last[1].is_last


def test_hosts_spread_over_shards_and_schemes_stay_together() -> None:
    """Two shards that crawl one host would send it twice as many requests as its robots.txt allows."""
    hosts = [f"site{number}.example" for number in range(400)]
    found = [owner(f"https://{host}", 4) for host in hosts]
    assert all(70 < found.count(index) < 130 for index in range(4))
    assert [owner(f"http://{host}", 4) for host in hosts] == found


def report(
    waiting: dict[int, int],
    *,
    fetched: int = 0,
    admitted: int = 0,
    untaken: int = 0,
    postponed: int = 0,
    outbox: tuple[LinkPart, ...] = (),
) -> Report:
    """A shard's report with these figures."""
    return Report(Counts(admitted, sum(waiting.values()), fetched), untaken, waiting, postponed, 0, (), outbox)
