"""The Prefect task of this room: one step of the nightly."""

from datetime import date

from flows.refine.decide import run_refine
from flows.settings import Settings
from flows.step import step
from warehouse.console.progress import stage_bar


@step("refine")
def refine(settings: Settings, day: date) -> dict[str, int | str]:
    with stage_bar("refine", settings.state) as report:
        return run_refine(settings, day, report)
