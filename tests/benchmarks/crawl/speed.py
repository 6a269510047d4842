"""Measures the crawl of one nginx-served manual: against Scrapy with trafilatura, and against extraction alone.

Both crawls run as programs, robots.txt obeyed, eight requests at a time. Ours includes extraction, redaction, the
raw responses and the lake; Scrapy's includes extraction only.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from sources.http.fetch import FetchResult
from sources.rights.declarations import EVERY_AGENT, EVERY_DIRECTIVE
from sources.text.document_builder import redacted_page
from sources.text.extract import Layout, extract
from sources.web.page_work import PageRules, PageWork, finish_page
from sources.web.site import Site as SiteFacts
from tests.benchmarks.crawl.nginx import Site, python_manual
from tests.benchmarks.figure import Figure

FIGURES = ("crawl.vs_scrapy", "crawl.share_of_extraction", "crawl.share_of_workers", "crawl.main_cpu_ms",
           "crawl.first_page_s")  # fmt: skip
FULL, SMOKE = 500, 12
"""Pages of the manual."""
SCRAPY = Path.home() / ".cache/horizon-factory/benchmarks/scrapy"
INSTALL = f"python3 -m venv {SCRAPY} && {SCRAPY}/bin/pip install scrapy==2.19.0 trafilatura==2.3.1 lxml_html_clean"
PROCESSES = 2


def figures(pages: int) -> Iterator[Figure]:
    """Pages per second over Scrapy's, over those of extraction alone, and over those of all that a worker does.

    Besides these, the CPU time of the crawl's own process, its start included, and the seconds to the first page.
    """
    with python_manual() as site:
        before = _children_cpu_seconds()
        ours, first_page, requested = _our_seconds(site, pages)
        main_cpu = _children_cpu_seconds() - before  # workers are children of the process that they are forked from
        scrapy = _scrapy_seconds(site, pages)
        yield Figure("crawl.vs_scrapy", scrapy and round(scrapy / ours, 2), "ratio", INSTALL if scrapy is None
                     else f"{pages} pages, {ours:.1f} s; Scrapy with trafilatura {scrapy:.1f} s")  # fmt: skip
        crawled = [(site.address(page), page.read_bytes()) for page in requested]
    alone, whole = _seconds_of(_extracted, crawled), _seconds_of(_finished, crawled)
    walk = max(0.001, ours - first_page)
    yield Figure("crawl.share_of_extraction", round(alone / walk, 2), "ratio",
                 f"extraction and redaction alone in {PROCESSES} processes, {alone:.1f} s")  # fmt: skip
    yield Figure("crawl.share_of_workers", round(whole / walk, 2), "ratio",
                 f"with the source searched, row and record made: {whole:.1f} s")  # fmt: skip
    yield Figure("crawl.main_cpu_ms", round(1_000 * main_cpu / pages, 1), "ms a page", "all but what the workers do")
    yield Figure("crawl.first_page_s", round(first_page, 2), "s", "from the start of `factory crawl` to its request")


def _our_seconds(site: Site, pages: int) -> tuple[float, float, list[Path]]:
    """Return the seconds of `factory crawl`, those from its start to the first request for a page, and its pages.

    The same pages are extracted alone: those that a crawl finds first are longer than others by a tenth.
    """
    with TemporaryDirectory() as home:
        keys = (
            f'seeds = ["{site.home}/index.html"]\nallow_addresses = ["127.0.0.1"]\nper_host = 8\nmax_pages = {pages}\n'
        )
        (Path(home) / "factory.toml").write_text(f"[crawl]\n{keys}")
        command = [str(Path(sys.executable).with_name("factory")), "crawl"]
        started, clock = time.time(), time.perf_counter()
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)
        taken, requests = time.perf_counter() - clock, site.requests()
        return taken, min(moment for moment, _ in requests) - started, [page for _, page in requests]


def _scrapy_seconds(site: Site, pages: int) -> float | None:
    """Return the seconds of Scrapy's crawl of as many pages; None if it is not installed."""
    python = SCRAPY / "bin/python"
    if not python.exists():
        return None
    spider = str(Path(__file__).with_name("scrapy_spider.py"))
    clock = time.perf_counter()
    done = subprocess.run(
        [str(python), spider, f"{site.home}/index.html", str(pages)], check=True, capture_output=True, text=True
    )
    taken = time.perf_counter() - clock
    found = int(done.stdout.split()[-1])
    if found < 0.9 * pages:
        raise RuntimeError(f"Scrapy found the text of {found} pages, not {pages}")
    return taken * pages / found


def _children_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _seconds_of(work: Callable[[tuple[str, bytes]], int], pages: list[tuple[str, bytes]]) -> float:
    """Return the seconds that the work on these pages takes in worker processes and nothing else."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("forkserver")) as pool:
        list(pool.map(work, pages[: PROCESSES * 2]))  # loads patterns and parsers in each process
        clock = time.perf_counter()
        list(pool.map(work, pages, chunksize=4))
        return time.perf_counter() - clock


def _extracted(page: tuple[str, bytes]) -> int:
    url, body = page
    return len(redacted_page(extract(body, "text/html", "text/html", url, Layout())).text)


_RULES = PageRules("2026-03-01", "web", Layout(), True, None, EVERY_DIRECTIVE, keep_raw=True)


def _finished(page: tuple[str, bytes]) -> int:
    url, body = page
    response = FetchResult("ok", code=200, headers={"content-type": "text/html"}, body=body)
    return len(finish_page(PageWork(url, response, _RULES, SiteFacts(EVERY_AGENT), None)).links)
