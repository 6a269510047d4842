"""Facts of a host reach the shard that crawls it, from another host or late: sitemaps, robots.txt; damage is mended."""

from asyncio import StreamWriter
from pathlib import Path

import pytest

from flows.commands.integrity.state_files import state_faults
from flows.crawl.shards.shard import Shard, owner
from tests.doubles.sites.linked_hosts import linked_hosts
from tests.doubles.sites.plain_site import Request, page, response, running_site
from tests.flows.crawl.nights import FIRST, SECOND, tally
from tests.flows.crawl.shards.sharded import home_of, sharded_night

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_sitemap_of_another_host_spares_requests(tmp_path: Path) -> None:
    """A company lists the pages of all its hosts in one file: without its dates each page is requested every night."""
    with linked_hosts(12) as hosts:  # two of them are in different shards
        far = next(home for home in hosts.homes[1:] if owner(home[:-1], 3) != owner(hosts.homes[0][:-1], 3))
        entry = f"<url><loc>{far}side</loc><lastmod>2020-01-01</lastmod></url>"
        hosts.pages[f"{hosts.homes[0]}all.xml"] = f"<urlset>{entry}</urlset>"
        crawl = {"sitemaps": [f"{hosts.homes[0]}all.xml"], "max_depth": 1}
        nights = [
            [sharded_night(home_of(tmp_path / str(shards), [far], shards, **crawl), day) for day in (FIRST, SECOND)]
            for shards in (1, 3)
        ]
    for day in (0, 1):
        assert nights[0][day] == nights[1][day]
    assert nights[1][1][0]["not_requested"] == 1


def test_a_host_whose_robots_file_fails_ends_last(tmp_path: Path) -> None:
    """A host that is down must not hold up the others, nor be crawled without its rules."""

    async def refuse(request: Request, writer: StreamWriter) -> None:
        writer.write(response("later", status="503 Service Unavailable"))

    with linked_hosts(2) as hosts, running_site(refuse) as down:
        hosts.pages[hosts.homes[0]] = page("Home", f"{down.home}/", f"{hosts.homes[0]}side")
        seeds = [*hosts.homes, f"{down.home}/start"]
        settings = home_of(tmp_path, seeds, 2, max_depth=1, retries=1)
        _, rows = sharded_night(settings, FIRST)
        assert {received.path for received in down.requests} == {"/robots.txt"}
    unreachable = {url for url, row in rows.items() if row.status == "robots_unreachable"}
    assert unreachable == {f"{down.home}/", f"{down.home}/start"}
    assert tally(rows)["ok"] > 2


def test_a_damaged_frontier_of_a_shard_is_found_and_replaced(tmp_path: Path) -> None:
    """Half a page on a full disk must not end every later crawl."""
    with linked_hosts(2) as hosts:
        settings = home_of(tmp_path, hosts.homes, 2, max_depth=1)
        sharded_night(settings, FIRST)
        damaged = Shard(owner(hosts.homes[0][:-1], 2), 2).frontier(settings.state)
        damaged.write_bytes(b"\xff\xfe damaged")
        assert [fault.path for fault in state_faults(settings)] == [damaged]
        counts, _ = sharded_night(settings, SECOND)
    assert "is kept as" in str(counts["frontier"]) and counts["ok"]
    assert list(state_faults(settings)) == []
