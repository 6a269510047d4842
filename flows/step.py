"""Makes a room's entry function a Prefect task: retried with exponential backoff, its result neither cached nor stored.

Every step of the nightly has the same retry policy, because each resumes from the lake and from its own checkpoint.
Only errors of the settings, and those that a step declares permanent, end the step at the first failure.
"""

from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.tasks import exponential_backoff

from flows.settings import SettingsError

P = ParamSpec("P")
R = TypeVar("R")
RETRIES = 2
BACKOFF_S = 5
"""Seconds before the first retry; each further retry waits twice as long."""


def step(
    name: str, is_retryable: Callable[[object], bool] = lambda error: True
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Decorate the function of a step, `name` in Prefect; `is_retryable` returns False for permanent errors."""

    def may_succeed(task: Task[P, R], run: TaskRun, state: State[R]) -> bool:
        return not isinstance(state.data, SettingsError) and is_retryable(state.data)

    return task(
        name=name,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(BACKOFF_S),
        retry_condition_fn=may_succeed,
        cache_policy=NO_CACHE,
        persist_result=False,
    )


def first_try_started_at() -> datetime | None:
    """Return when the first try of the running step started; None outside a step."""
    context = TaskRunContext.get()
    return context.task_run.start_time if context else None
