"""The embedded site: without any settings, Python's own documentation is crawled over HTTP."""

import socket
import sys
from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from sources.pydoc_site import server as pydoc_site
from tests.flows.crawl.crawled import rows
from warehouse.console.progress import silent

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)


@pytest.mark.slow
def test_the_documentation_of_this_python_is_crawled(tmp_path: Path) -> None:
    """A user's first crawl must give pages with titles, text and links, the same on every night."""
    settings = Settings(home=tmp_path, crawl=Crawl(max_pages=14))
    run_crawl(settings, DAY, silent)
    run_crawl(settings, NEXT, silent)
    first, second = ({row.url: row for row in rows(tmp_path, day) if row.content_sha256} for day in (DAY, NEXT))
    assert {row.status for row in second.values()} == {"not_modified"}
    assert len(first) >= 10 and all(url.startswith(f"http://{pydoc_site.HOST}/") for url in first)
    assert {url: row.doc_id for url, row in first.items()} == {url: row.doc_id for url, row in second.items()}
    topics = first[f"http://{pydoc_site.HOST}/topics.html"]
    assert any(link.anchor == "LOOPING" for link in topics.links)
    private = {"file:", sys.base_prefix} - {"/usr"}  # the folder of this Python is written as /usr
    assert not [url for url, row in first.items() if any(path in (row.text or "") for path in private)]
    assert {row.license for row in first.values()} == {pydoc_site.LICENSE}


def test_the_pydoc_server_ends_with_the_crawl() -> None:
    """A server that outlives the crawl would hold a port and memory after every night."""
    with pydoc_site.running_server() as port:
        assert _listens(port)
    assert not _listens(port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((pydoc_site.ADDRESS, port)) == 0
