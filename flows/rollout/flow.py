"""The Prefect task of this room: one step of the nightly."""

from datetime import date

from flows.rollout.briefs import RolloutError
from flows.rollout.protocol import TeacherRefused
from flows.rollout.run import run_rollout
from flows.settings import Settings
from flows.step import first_try_started_at, step
from warehouse.console.progress import stage_bar


def _may_succeed(error: object) -> bool:
    """False for a teacher or tasks that cannot be used: another try would wait, and then fail with the same words."""
    return not isinstance(error, TeacherRefused | RolloutError)


@step("rollout", _may_succeed)
def rollout(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("rollout", settings.state) as report:
        return run_rollout(settings, day, report, since=first_try_started_at())
