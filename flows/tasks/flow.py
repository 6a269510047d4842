"""The door of this room: one step of the nightly. The only file here that knows Prefect."""

from datetime import date

from prefect import task as step
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from flows.settings import Settings
from flows.step import may_pass
from flows.tasks.compose import OpenWriter, compose_night
from warehouse.console.progress import stage_bar

RETRY = exponential_backoff(5)


@step(
    name="tasks",
    retries=2,
    retry_delay_seconds=RETRY,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def tasks(settings: Settings, day: date, open_writer: OpenWriter) -> dict[str, int | str]:
    with stage_bar("tasks", settings.state) as report:
        return compose_night(settings, day, report, open_writer)
