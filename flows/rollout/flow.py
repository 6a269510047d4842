"""The door of this room: one step of the nightly. The only file here that knows Prefect."""

from datetime import date

from prefect import task as step
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext
from prefect.tasks import exponential_backoff

from flows.rollout.run import roll_out_night
from flows.settings import Settings
from flows.step import may_pass
from warehouse.console.progress import stage_bar

RETRY = exponential_backoff(5)


@step(
    name="rollout",
    retries=2,
    retry_delay_seconds=RETRY,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def rollout(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("rollout", settings.state) as report:
        step_run = TaskRunContext.get()
        since = step_run.task_run.start_time if step_run else None  # the first try's: budgets hold for all tries
        return roll_out_night(settings, day, report, since=since)
