"""The Prefect task of this room: one step of the nightly."""

from datetime import date

from flows.rollout.run import run_rollout
from flows.settings import Settings
from flows.step import first_try_started_at, step
from warehouse.console.progress import stage_bar


@step("rollout")
def rollout(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("rollout", settings.state) as report:
        return run_rollout(settings, day, report, since=first_try_started_at())
