"""A crawl on a Ray cluster of three nodes has the rows of one process, also when it loses a node."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.settings import Engine
from tests.doubles.ray_cluster import small_cluster
from tests.doubles.sites.linked_hosts import LinkedHosts, linked_hosts
from tests.flows.crawl.nights import FIRST, SECOND, rows_of
from tests.flows.crawl.shards.sharded import comparable, home_of, sharded_night
from warehouse.console.progress import silent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # the processes of three nodes and their workers share the cores of one machine
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
]
ANY_HOST = {"allow": [r"127\.0\.0\.1"], "max_depth": 3}


def test_a_crawl_that_loses_a_node_has_the_rows_of_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night of many machines loses one now and then: its hosts are crawled on by another, and no row is missing."""
    monkeypatch.chdir(tmp_path)
    with linked_hosts(5) as hosts, small_cluster(3) as cluster:
        expected = sharded_night(home_of(Path("one"), hosts.homes[:3], 1, **ANY_HOST), FIRST)
        hosts.forget()
        there = home_of(Path("many"), hosts.homes[:3], 3, **ANY_HOST)
        there = there.model_copy(update={"engine": Engine(kind="ray", address=cluster.address)})
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(run_crawl, there, FIRST, silent)
            wait_for_pages(hosts, random.randrange(1, 25))
            cluster.lose_node(0)
            counts = running.result()
        found = counts, comparable(rows_of(there.home, FIRST))
        later = run_crawl(there, SECOND, silent)
    assert found == expected
    assert later["unchanged"] == expected[0]["pages"] and later["new"] == 0
    assert not list((there.lake / "raw").rglob("*-crawl-*")), "the night's process has fetched pages itself"


def wait_for_pages(hosts: LinkedHosts, pages: int) -> None:
    """Wait until so many pages were requested."""
    while sum(len(site.paths()) for site in hosts.sites) < pages:
        time.sleep(0.02)
