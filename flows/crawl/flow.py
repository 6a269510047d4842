"""The Prefect task of this room: one step of the nightly."""

from datetime import date

from flows.crawl.crawler import crawl_night
from flows.crawl.outcome import NothingCrawled
from flows.settings import Settings
from flows.step import step


def _is_retryable(error: object) -> bool:
    return not isinstance(error, NothingCrawled)


@step("crawl", _is_retryable)
def crawl(settings: Settings, day: date) -> dict[str, int | str]:
    return crawl_night(settings, day)
