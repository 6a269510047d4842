"""A crawl in shards has the rows of one process: the same pages, reasons, links and later nights."""

from collections import Counter
from pathlib import Path
from signal import SIGPROF

import pytest

from flows.settings import Engine
from tests.doubles.sites.linked_hosts import LinkedHosts, linked_hosts
from tests.doubles.sites.plain_site import page
from tests.flows.crawl.nights import FIRST, SECOND, THIRD, tally
from tests.flows.crawl.shards.sharded import Dying, home_of, night_until, sharded_night

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
HOSTS = 4
ANY_HOST = {"allow": [r"127\.0\.0\.1"], "max_depth": 3}


def test_shards_have_the_rows_of_one_process(tmp_path: Path) -> None:
    """A night that depends on the number of machines makes other tasks, and cannot be made again."""
    with linked_hosts(HOSTS) as hosts:
        expected = sharded_night(home_of(tmp_path / "one", hosts.homes[:2], 1, **ANY_HOST), FIRST)
        hosts.forget()
        found = sharded_night(home_of(tmp_path / "three", hosts.homes[:2], 3, **ANY_HOST), FIRST)
        assert repeated(hosts) == []
    assert found == expected
    reasons = {"ok", "over_depth", "robots_denied", "blocked", "redirected", "http_404", "sitemap"}
    assert set(tally(found[1])) == reasons


def test_shards_that_die_have_the_same_rows(tmp_path: Path) -> None:
    """A machine that fails in a night of a million pages must cost the pages in flight only, and lose no row."""
    with linked_hosts(HOSTS) as hosts:
        near = {**ANY_HOST, "max_depth": 2}
        expected = sharded_night(home_of(tmp_path / "one", hosts.homes, 1, **near), FIRST)
        hosts.forget()
        dying = Dying(seed=3, cpu_s=0.2, share=0.5)
        found = sharded_night(home_of(tmp_path / "dying", hosts.homes, 2, **near), FIRST, dying.opened)
        again = repeated(hosts)
    assert dying.deaths
    assert found == expected
    assert len([url for url in again if "/robots.txt" not in url]) < dying.deaths * 16  # the pages in flight


def test_a_night_that_dies_goes_on_where_it_was(tmp_path: Path) -> None:
    with linked_hosts(HOSTS) as hosts:
        expected = sharded_night(home_of(tmp_path / "one", hosts.homes, 1, **ANY_HOST), FIRST)
        settings = home_of(tmp_path / "dying", hosts.homes, 3, **ANY_HOST)
        deaths = [night_until(settings, FIRST, limit) for limit in (0.04, 0.1, 0.25)]
        found = sharded_night(settings, FIRST)
        hosts.forget()
        assert sharded_night(settings, FIRST) == found and hosts.requests() == []
    assert -SIGPROF in deaths
    assert found == expected


def test_later_nights_request_changes_also_with_another_number_of_shards(tmp_path: Path) -> None:
    """Pages that lose their ETag with a change of the cluster are all sent again: a night's traffic for nothing."""
    with linked_hosts(HOSTS) as hosts:
        one, two, three = (home_of(tmp_path, hosts.homes, shards, **ANY_HOST) for shards in (1, 2, 3))
        first, _ = sharded_night(one, FIRST)
        hosts.pages[f"{hosts.homes[0]}side"] = page("Side, changed")
        for day, settings, changed in ((SECOND, three, 1), (THIRD, two, 0)):
            hosts.forget()
            counts, rows = sharded_night(settings, day)
            assert (counts["changed"], counts["unchanged"]) == (changed, int(first["pages"]) - changed)
            assert {row.http_status for row in rows.values() if row.status == "not_modified"} == {304}
            assert repeated(hosts) == []
        counts, _ = sharded_night(one, THIRD.replace(day=4))
        assert counts["unchanged"] == first["pages"]
    assert not list((tmp_path / "state" / "crawl").glob("*of*"))


def test_a_night_goes_on_with_another_number_of_shards(tmp_path: Path) -> None:
    """The cluster was not up when the night began, or is smaller at its second start."""
    with linked_hosts(HOSTS) as hosts:
        expected = sharded_night(home_of(tmp_path / "one", hosts.homes, 1, **ANY_HOST), FIRST)
        deaths = [
            night_until(home_of(tmp_path / "home", hosts.homes, shards, **ANY_HOST), FIRST, limit)
            for shards, limit in ((1, 0.1), (3, 0.15), (2, 0.2))
        ]
        found = sharded_night(home_of(tmp_path / "home", hosts.homes, 4, **ANY_HOST), FIRST)
    assert -SIGPROF in deaths
    assert found == expected


def test_the_page_budget_is_that_of_all_shards(tmp_path: Path) -> None:
    """A budget of each shard would fetch three times the pages that the settings allow."""
    with linked_hosts(HOSTS) as hosts:
        settings = home_of(tmp_path / "many", hosts.homes, 3, max_pages=11, **ANY_HOST)
        counts, rows = sharded_night(settings, FIRST)
        assert sum(row.http_status in (200, 404) for row in rows.values() if row.status != "sitemap") == 11
        assert counts["over_budget"] and {row.detail for row in rows.values() if row.status == "over_budget"} == {
            "max_pages = 11 was reached first"
        }
        lone = {"max_pages": 5, "max_depth": 3}
        nights = [
            sharded_night(home_of(tmp_path / str(shards), hosts.homes[:1], shards, **lone), FIRST) for shards in (1, 3)
        ]
    assert nights[0] == nights[1] and nights[0][0]["over_budget"]


def test_a_page_of_two_sources_has_one_row(tmp_path: Path) -> None:
    """A feed of a site that is crawled as well: the night's process must not fetch the pages of shards."""
    with linked_hosts(HOSTS) as hosts:
        entries = "".join(f"<item><link>{home}side</link></item>" for home in hosts.homes)
        hosts.pages[f"{hosts.homes[0]}feed"] = f"<rss version='2.0'><channel>{entries}</channel></rss>"
        feed = {"kind": "feed", "urls": [f"{hosts.homes[0]}feed"]}
        web = {"kind": "web", "name": "second", "seeds": hosts.homes[2:]}
        found = []
        for shards in (1, 3):
            settings = home_of(tmp_path / str(shards), hosts.homes[:2], shards, sources=[feed, web], max_depth=2)
            hosts.forget()
            counts, rows = sharded_night(settings, FIRST)
            assert [url for url in repeated(hosts) if url.rpartition("/")[2] in ("", "side")] == []
            found.append((counts, rows))
    assert found[0] == found[1]
    assert {row.source for row in found[0][1].values()} == {"web", "second", "feed"}


def test_without_a_cluster_shards_are_none(tmp_path: Path) -> None:
    with linked_hosts(1) as hosts:
        settings = home_of(tmp_path, hosts.homes, 3, max_depth=1).model_copy(update={"engine": Engine()})
        sharded_night(settings, FIRST)
    assert not (tmp_path / "state" / "crawl").exists()


def repeated(hosts: LinkedHosts) -> list[str]:
    """The addresses that were requested more than once."""
    return [url for url, times in Counter(hosts.requests()).items() if times > 1]
