"""Nights of a single source of `[[crawl.sources]]`, and what each of them wrote."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from schemas import Document
from tests.flows.crawl.crawled import rows
from warehouse.console.progress import silent

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))
LOOPBACK = ["127.0.0.0/8"]


def crawl_source(home: Path, day: date, section: dict[str, object], **crawl: object) -> dict[str, Document]:
    """Crawl one source on a day; return its rows by url."""
    chosen = {"allow_addresses": LOOPBACK, "keep_raw": False, **crawl, "sources": [section]}
    run_crawl(Settings(home=home, crawl=Crawl.model_validate(chosen)), day, silent)
    return {row.url: row for row in rows(home, day)}


def statuses(found: dict[str, Document], prefix: str = "") -> dict[str, str]:
    """Return the status of each url below a prefix, which is left out."""
    return {url.removeprefix(prefix): row.status for url, row in found.items() if url.startswith(prefix)}


def killed_and_resumed(home: Path, section: dict[str, object], *, seed: int, kills: int = 2) -> dict[str, Document]:
    """Crawl the first day in processes that kill themselves at random rows, then to the end; return its rows."""
    numbers = random.Random(seed)
    for left in [*(numbers.randint(1, 8) for _ in range(kills)), 0]:
        environment = os.environ | {
            "FACTORY_HOME": str(home), "FACTORY_CRAWL__SOURCES": json.dumps([section]),
            "FACTORY_CRAWL__ALLOW_ADDRESSES": json.dumps(LOOPBACK), "FACTORY_CRAWL__KEEP_RAW": "false",
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.flows.crawl.crawl_killed", FIRST.isoformat(), str(left)]
        ended = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
        assert left or ended.returncode == 0, ended.stderr.decode()
    found = rows(home, FIRST)
    assert len({row.url for row in found}) == len(found)
    return {row.url: row for row in found}


def same_rows(one: dict[str, Document], other: dict[str, Document], but: Callable[[str], bool] = bool) -> None:
    """Assert that two crawls wrote the same rows, apart from the time of reading."""
    read = [
        {url: row.model_copy(update={"fetched_at": None}) for url, row in found.items() if but(url)}
        for found in (one, other)
    ]
    assert read[0] == read[1]
