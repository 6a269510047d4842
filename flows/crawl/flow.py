"""The Prefect task of this room: one step of the nightly."""

from datetime import date

from flows.crawl.crawler import run_crawl
from flows.settings import Settings
from flows.step import step
from warehouse.console.progress import stage_bar


@step("crawl")
def crawl(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("crawl", settings.state) as report:
        return run_crawl(settings, day, report)
