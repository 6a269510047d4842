"""Nights of sources in a home of their own: settings as a user writes them, rows as the lake holds them, kills."""

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from flows.crawl.crawler import run_crawl
from flows.settings import Crawl, Settings
from schemas import Document
from tests.flows.crawl.crawled import rows
from warehouse.console.progress import silent

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))
Rows = dict[str, Document]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["flows.crawl.crawler"])


def settings_of(home: Path, *sources: Mapping[str, object], **crawl: object) -> Settings:
    """Return the settings of a home with these entries of `[[crawl.sources]]`."""
    section = {"sources": list(sources), "allow_addresses": ["127.0.0.0/8"], **crawl}
    return Settings(home=home, crawl=Crawl.model_validate(section))


def night(settings: Settings, day: date) -> Rows:
    """Crawl one night; return its rows by url."""
    run_crawl(settings, day, silent)
    return rows_of(settings.home, day)


def rows_of(home: Path, day: date) -> Rows:
    """Return the rows of a night by url; no url may have two."""
    found = rows(home, day)
    assert len({row.url for row in found}) == len(found)
    return {row.url: row for row in found}


def crawl_source(home: Path, day: date, section: Mapping[str, object], **crawl: object) -> Rows:
    """Crawl one source on a day, without raw responses; return its rows by url."""
    return night(settings_of(home, section, **{"keep_raw": False, **crawl}), day)


def tally(found: Mapping[str, Document]) -> dict[str, int]:
    """Count rows by status."""
    return dict(Counter(row.status for row in found.values()))


def statuses(found: Mapping[str, Document], prefix: str = "") -> dict[str, str]:
    """Return the status of each url below a prefix, which is left out."""
    return {url.removeprefix(prefix): row.status for url, row in found.items() if url.startswith(prefix)}


def by_name(found: Mapping[str, Document]) -> Rows:
    """Return the rows by the last part of their url."""
    return {url.rstrip("/").rpartition("/")[2]: row for url, row in found.items()}


def survives_kills(
    homes: Path, section: Mapping[str, object], *, seed: int, change: Callable[[], object] | None = None, kills: int = 2
) -> list[Rows]:
    """Crawl a night undisturbed, and again killed at random moments and resumed; return its rows, which are equal.

    With a `change`, which the source undergoes after the first night, a second night follows in the same way.
    """
    whole, killed = (settings_of(homes / name, section, keep_raw=False) for name in ("whole", "killed"))
    numbers, nights, deaths = random.Random(seed), list[Rows](), list[int | None]()
    for day in (FIRST, SECOND) if change else (FIRST,):
        if change and day == SECOND:
            change()
        started = time.process_time()
        nights.append(night(whole, day))
        seconds = time.process_time() - started
        deaths += [_exit_code(killed, day, numbers.uniform(0.05, 0.9) * seconds) for _ in range(kills)]
        _same_rows(nights[-1], night(killed, day))
    assert -signal.SIGPROF in deaths and set(deaths) <= {0, -signal.SIGPROF}
    return nights


def _exit_code(settings: Settings, day: date, cpu_s: float) -> int | None:
    process = CONTEXT.Process(target=_crawl_until, args=(settings, day, cpu_s))
    process.start()
    process.join()
    return process.exitcode


def _crawl_until(settings: Settings, day: date, cpu_s: float) -> None:
    """Crawl in this process, which dies after some CPU seconds in the midst of whatever it is doing."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)  # no handler is set: the signal ends the process as SIGKILL does
    run_crawl(settings, day, silent)


def _same_rows(one: Rows, other: Rows) -> None:
    """Assert that two crawls wrote the same rows, apart from the time of reading."""
    read = [{url: row.model_copy(update={"fetched_at": None}) for url, row in found.items()} for found in (one, other)]
    assert read[0] == read[1]
