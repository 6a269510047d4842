"""The door of this room: one step of the nightly. The only file here that knows Prefect."""

from datetime import date

from prefect import task as step
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from flows.crawl.crawler import run_crawl
from flows.settings import Settings
from flows.step import may_pass
from warehouse.console.progress import stage_bar

RETRY = exponential_backoff(5)


@step(
    name="crawl",
    retries=2,
    retry_delay_seconds=RETRY,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def crawl(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("crawl", settings.state) as report:
        return run_crawl(settings, day, report)
