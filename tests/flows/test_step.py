"""The retry policy of the nightly's steps: one for all six, without retries for errors that retries cannot mend."""

from typing import Any

import pytest
from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Failed

from flows.crawl.flow import crawl
from flows.judge.flow import judge
from flows.judge.verdict_parts import JudgeError
from flows.publish.errors import StoreError, StudentError
from flows.publish.flow import publish
from flows.refine.flow import refine
from flows.rollout.flow import rollout
from flows.settings import SettingsError
from flows.step import first_try_started_at
from flows.tasks.flow import tasks

STEPS: list[Task[Any, Any]] = [crawl, tasks, rollout, judge, refine, publish]


def retries(step: Task[Any, Any], error: Exception) -> bool:
    condition: Any = step.retry_condition_fn
    state: State[Any] = Failed(data=error)
    return bool(condition(step, None, state))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_is_retried_with_backoff_and_never_cached(step: Task[Any, Any]) -> None:
    """A cached step would skip the work of a new day; a step that is not retried loses a night to one timeout."""
    assert (step.retries, step.retry_delay_seconds) == (2, [5, 10])
    assert (step.cache_policy, step.persist_result) == (NO_CACHE, False)
    assert retries(step, TimeoutError("no response"))


def test_steps_are_named_after_their_rooms() -> None:
    """Prefect's UI and its logs find a step by this name."""
    assert [step.name for step in STEPS] == ["crawl", "tasks", "rollout", "judge", "refine", "publish"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_invalid_settings_end_a_step_at_the_first_failure(step: Task[Any, Any]) -> None:
    """A retry would only delay the message."""
    assert not retries(step, SettingsError("teacher.model is missing"))


def test_publish_retries_a_store_error_but_not_an_unfit_student() -> None:
    """Each try of publish reads the whole lake."""
    assert retries(publish, StoreError("the disk is full"))
    assert not retries(publish, StudentError("no chat template"))
    assert retries(refine, StudentError("no chat template"))


def test_an_unreadable_judge_is_not_asked_again() -> None:
    """Each try pays for the same unreadable replies."""
    assert not retries(judge, JudgeError("no readable verdict"))


def test_outside_a_step_there_is_no_first_try() -> None:
    assert first_try_started_at() is None
