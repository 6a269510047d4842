"""Measures the crawl: pages per second from a local site to the lake, against text extraction alone on one core."""

import time
from asyncio import StreamWriter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from schemas import Document
from sources.text.extract import Layout, extract
from tests.benchmarks.figure import Figure
from tests.doubles.sites.plain_site import Request, page, response, running_site
from warehouse.console.progress import silent
from warehouse.lake import Lake

FIGURES = ("crawl.pages_per_s", "crawl.extraction_pages_per_s", "crawl.raw_ratio")


@dataclass(frozen=True)
class Size:
    """Pages of the site, and pages of which extraction alone is timed."""

    pages: int
    extracted: int


FULL, SMOKE = Size(300, 60), Size(20, 6)


def figures(size: Size) -> Iterator[Figure]:
    """The crawl of a site of articles, against extracting the same pages in one process and nothing else."""
    alone = size.extracted / _extraction_seconds(size)
    _crawl_seconds(size)  # loads patterns and parsers
    bare, crawled = size.pages / _crawl_seconds(size, keep_raw=False), size.pages / _crawl_seconds(size)
    yield Figure("crawl.pages_per_s", round(crawled, 1), "pages/s")
    yield Figure("crawl.extraction_pages_per_s", round(alone, 1), "pages/s of one process")
    yield Figure("crawl.raw_ratio", round(crawled / bare, 2), "ratio", "the same crawl with keep_raw off")


def _article(n: int, pages: int) -> str:
    words = "".join(
        f"<p>Paragraph {k} of page {n} tells at some length how the keeper of light {n * 31 + k} climbed the stairs, "
        f"trimmed the lamp, wrote the log of the night, and went to sleep when the ferry had passed.</p>"
        for k in range(40)
    )
    return page(f"Page {n}", *(f"/{(n * 10 + k) % pages}" for k in range(10)), words=words)


def _extraction_seconds(size: Size) -> float:
    bodies = [_article(n, size.pages).encode() for n in range(size.extracted + 1)]
    extract(bodies[-1], "text/html", "", "http://a.example/", Layout())
    started = time.perf_counter()
    for body in bodies[:-1]:
        extract(body, "text/html", "", "http://a.example/", Layout())
    return time.perf_counter() - started


def _crawl_seconds(size: Size, *, keep_raw: bool = True) -> float:
    replies = {f"/{n}": response(_article(n, size.pages)) for n in range(size.pages)}

    async def handle(request: Request, writer: StreamWriter) -> None:
        writer.write(replies.get(request.path, response("none", status="404 Not Found")))

    with TemporaryDirectory() as home, running_site(handle) as site:
        chosen = {"seeds": [f"{site.home}/0"], "allow_addresses": ["127.0.0.1"], "max_pages": size.pages, "per_host": 8}
        crawl = Crawl.model_validate(chosen | {"keep_raw": keep_raw})
        started = time.perf_counter()
        run_crawl(Settings(home=Path(home), crawl=crawl), date(2026, 3, 1), silent)
        taken = time.perf_counter() - started
        if not Lake(Path(home) / "lake").parts(Document):
            raise RuntimeError("the crawl left nothing in the lake")
        return taken
