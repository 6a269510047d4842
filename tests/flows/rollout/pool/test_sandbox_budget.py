"""Admission by the sandbox: attempts that need it neither pile up behind its cores nor keep the others waiting."""

import asyncio
from typing import cast

from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.pool.sandbox_budget import PlanQueue, SandboxBudget


def queue(names: str, budget: SandboxBudget) -> PlanQueue:
    """Plans named by letters; capitals need the sandbox."""
    return PlanQueue(iter(cast(list[Plan], list(names))), lambda plan: str(plan).isupper(), budget)


def budget(limit: int) -> SandboxBudget:
    one = SandboxBudget(1, 100)
    one.limit = float(limit)
    return one


async def started(plans: PlanQueue) -> str | None:
    """The next plan that may start, or a dash if none may now."""
    try:
        return cast(str | None, await asyncio.wait_for(plans.next(), 0.01))
    except TimeoutError:
        return "-"


def test_plans_that_need_the_sandbox_are_held_back_in_order_and_others_pass() -> None:
    """The teacher would idle behind attempts that wait for a core; a plan that is passed for ever would never run."""

    async def scenario() -> list[str | None]:
        plans = queue("AaBCbD", budget(1))
        seen = [await started(plans) for _ in range(4)]
        waiting = [asyncio.create_task(plans.next()) for _ in range(3)]
        for _ in "ABC":
            await asyncio.sleep(0)
            plans.end(cast(Plan, "A"))
        seen += [cast(str, await one) for one in waiting]
        return [*seen, await started(plans)]

    assert asyncio.run(scenario()) == ["A", "a", "b", "-", "B", "C", "D", None]


def test_a_stop_lets_every_plan_go_on_to_be_counted_as_stopped() -> None:
    """Plans that stay held back would be missing from the counts of the run."""

    async def scenario() -> list[str | None]:
        plans = queue("AB", budget(1))
        first, waiting = await started(plans), asyncio.create_task(plans.next())
        await asyncio.sleep(0)
        plans.stop()
        return [first, cast(str, await waiting), await started(plans)]

    assert asyncio.run(scenario()) == ["A", "B", None]


def test_the_limit_falls_while_calls_queue_and_recovers_afterwards() -> None:
    """As many attempts as the cores can serve stay in flight: fewer would leave cores idle, more would only wait."""
    one = SandboxBudget(2, 256)
    one.in_flight = 256
    assert one.fits is False
    for _ in range(40):
        one.observe(200)
        one.in_flight = min(one.in_flight, int(one.limit))
    assert 4 <= one.limit < 128
    for _ in range(1_000):
        one.observe(200)
        one.in_flight = min(one.in_flight, int(one.limit))
    assert one.limit == 4
    one.observe(200)
    one.observe(3)
    assert one.limit > 4
    for _ in range(200):
        one.observe(0)
    assert one.limit == 256


def test_one_long_queue_is_no_reason_to_start_fewer() -> None:
    """Calls of a moment drain within a second."""
    one = SandboxBudget(1, 50)
    for number in range(20):
        one.observe(100 if number % 2 else 0)
    assert one.limit == 50
