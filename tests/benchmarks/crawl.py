"""How fast the crawl is: pages per second from a local site to the lake, and extraction alone on one core."""

import time
from asyncio import StreamWriter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.crawl.crawler import crawl_night
from flows.settings import Crawl, Settings
from schemas import Document
from sources.text.extract import Layout, extract
from tests.benchmarks.figure import Figure
from tests.doubles.sites.plain_site import Asked, page, reply, serving
from warehouse.console.progress import silent
from warehouse.lake import Lake

PAGES = 300
EXTRACTED = 60


def figures() -> Iterator[Figure]:
    """The crawl of a site of articles, against extracting the same pages in one process and nothing else."""
    alone = EXTRACTED / _extraction_seconds()
    _crawl_seconds()  # loads patterns and parsers
    bare, crawled = PAGES / _crawl_seconds(keep_raw=False), PAGES / _crawl_seconds()
    yield Figure("crawl.pages_per_s", round(crawled, 1), "pages/s")
    yield Figure("crawl.extraction_pages_per_s", round(alone, 1), "pages/s of one process")
    yield Figure("crawl.share_of_extraction", round(crawled / alone, 2), "ratio", "extraction alone, one process")
    yield Figure("crawl.raw_ratio", round(crawled / bare, 2), "ratio", "the same crawl with keep_raw off")


def _article(n: int) -> str:
    words = "".join(
        f"<p>Paragraph {k} of page {n} tells at some length how the keeper of light {n * 31 + k} climbed the stairs, "
        f"trimmed the lamp, wrote the log of the night, and went to sleep when the ferry had passed.</p>"
        for k in range(40)
    )
    return page(f"Page {n}", *(f"/{(n * 10 + k) % PAGES}" for k in range(10)), words=words)


def _extraction_seconds() -> float:
    bodies = [_article(n).encode() for n in range(EXTRACTED + 1)]
    extract(bodies[-1], "text/html", "", "http://a.example/", Layout())
    started = time.perf_counter()
    for body in bodies[:EXTRACTED]:
        extract(body, "text/html", "", "http://a.example/", Layout())
    return time.perf_counter() - started


def _crawl_seconds(*, keep_raw: bool = True) -> float:
    replies = {f"/{n}": reply(_article(n)) for n in range(PAGES)}

    async def serve(asked: Asked, writer: StreamWriter) -> None:
        writer.write(replies.get(asked.path, reply("none", status="404 Not Found")))

    with TemporaryDirectory() as home, serving(serve) as site:
        asked = {"seeds": [f"{site.home}/0"], "allow_addresses": ["127.0.0.1"], "max_pages": PAGES, "per_host": 8}
        crawl = Crawl.model_validate(asked | {"keep_raw": keep_raw})
        started = time.perf_counter()
        crawl_night(Settings(home=Path(home), crawl=crawl), date(2026, 3, 1), silent)
        taken = time.perf_counter() - started
        if not Lake(Path(home) / "lake").parts(Document):
            raise RuntimeError("the crawl left nothing in the lake")
        return taken
