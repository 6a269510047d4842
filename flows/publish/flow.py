"""The door of this room: one step of the nightly. The only file here that knows Prefect."""

from datetime import date
from typing import Any

from prefect import task as step
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from flows.publish.errors import is_retryable
from flows.publish.release import run_publish
from flows.settings import Settings
from flows.step import may_pass
from warehouse.console.progress import stage_bar

RETRY = exponential_backoff(5)


def may_be_published(step: object, run: object, state: Any) -> bool:
    """Whether to try again: a student that does not fit stays so, and each try gathers the lake anew."""
    return may_pass(step, run, state) and is_retryable(state.data)


@step(
    name="publish",
    retries=2,
    retry_delay_seconds=RETRY,
    retry_condition_fn=may_be_published,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def publish(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("publish", settings.state) as report:
        return run_publish(settings, day, report)
