"""Measures the crawl of one nginx-served manual: against Scrapy with trafilatura, and against extraction alone.

Both crawls run as programs, robots.txt obeyed, eight requests at a time. Ours includes extraction, redaction, the
raw responses and the lake; Scrapy's includes extraction only.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from sources.text.document_builder import redacted_page
from sources.text.extract import Layout, extract
from tests.benchmarks.crawl.nginx import Site, python_manual
from tests.benchmarks.figure import Figure

FIGURES = ("crawl.vs_scrapy", "crawl.share_of_extraction", "crawl.first_page_s")
FULL, SMOKE = 500, 12
"""Pages of the manual."""
SCRAPY = Path.home() / ".cache/horizon-factory/benchmarks/scrapy"
INSTALL = f"python3 -m venv {SCRAPY} && {SCRAPY}/bin/pip install scrapy==2.19.0 trafilatura==2.3.1 lxml_html_clean"
PROCESSES = 2


def figures(pages: int) -> Iterator[Figure]:
    """Pages per second over Scrapy's and over those of extraction alone; seconds to the first page."""
    with python_manual() as site:
        ours, first_page = _our_seconds(site, pages)
        scrapy = _scrapy_seconds(site, pages)
        yield Figure("crawl.vs_scrapy", scrapy and round(scrapy / ours, 2), "ratio", INSTALL if scrapy is None
                     else f"{pages} pages, {ours:.1f} s; Scrapy with trafilatura {scrapy:.1f} s")  # fmt: skip
        alone = _extraction_seconds(site.pages[:pages])
    walk = max(0.001, ours - first_page)
    yield Figure("crawl.share_of_extraction", round(alone / walk, 2), "ratio",
                 f"extraction and redaction alone in {PROCESSES} processes, {alone:.1f} s")  # fmt: skip
    yield Figure("crawl.first_page_s", round(first_page, 2), "s", "from the start of `factory crawl` to its request")


def _our_seconds(site: Site, pages: int) -> tuple[float, float]:
    """Return the seconds of `factory crawl`, and those from its start to the first request for a page."""
    with TemporaryDirectory() as home:
        keys = (
            f'seeds = ["{site.home}/index.html"]\nallow_addresses = ["127.0.0.1"]\nper_host = 8\nmax_pages = {pages}\n'
        )
        (Path(home) / "factory.toml").write_text(f"[crawl]\n{keys}")
        command = [str(Path(sys.executable).with_name("factory")), "crawl"]
        started, clock = time.time(), time.perf_counter()
        environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
        subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - clock, site.first_request() - started


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


def _extraction_seconds(paths: list[Path]) -> float:
    bodies = [path.read_bytes() for path in paths]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("forkserver")) as pool:
        list(pool.map(_extracted, bodies[: PROCESSES * 2]))  # loads patterns and parsers in each process
        clock = time.perf_counter()
        list(pool.map(_extracted, bodies, chunksize=4))
        return time.perf_counter() - clock


_extract = partial(extract, media_type="text/html", content_type="", url="http://a.example/", layout=Layout())


def _extracted(body: bytes) -> int:
    return len(redacted_page(_extract(body)).text)
