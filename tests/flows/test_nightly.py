"""The steps of a night."""

import pytest

from flows.nightly import STEPS, chosen_steps
from flows.settings import Judge, Settings, Tasks

UNJUDGED = [name for name in STEPS if name != "judge"]


@pytest.mark.parametrize(
    ("share", "only", "steps"),
    [
        ({}, [], UNJUDGED),
        ({"search": 1, "general_agentic": 9}, [], UNJUDGED),
        ({"general_agentic": 1}, [], ["tasks", "rollout", "refine", "publish"]),
        ({"general_agentic": 1, "instruction_following": 1}, [], UNJUDGED),
        ({"general_agentic": 1}, ["crawl"], ["crawl"]),
        ({}, ["publish", "refine"], ["refine", "publish"]),
    ],
)
def test_a_night_whose_tasks_need_no_pages_does_not_crawl(
    share: dict[str, float], only: list[str], steps: list[str]
) -> None:
    """Hours of crawling would serve no task; `factory crawl` still fetches pages."""
    assert chosen_steps(Settings(tasks=Tasks(share=share)), only) == steps


def test_a_judge_is_a_step_of_a_night_only_if_it_is_switched_on() -> None:
    """Judging costs money, so it is off by default; it comes before the decisions that depend on it."""
    assert chosen_steps(Settings(judge=Judge(enabled=True))) == list(STEPS)
    assert list(STEPS)[-3:] == ["judge", "refine", "publish"]
    assert chosen_steps(Settings(), ["judge"]) == ["judge"]
