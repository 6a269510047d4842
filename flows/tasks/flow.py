"""The Prefect task of this room: one step of the nightly."""

from datetime import date

from flows.settings import Settings
from flows.step import step
from flows.tasks.compose import OpenWriter, run_tasks
from warehouse.console.progress import stage_bar


@step("tasks")
def tasks(settings: Settings, day: date, open_writer: OpenWriter) -> dict[str, int | str]:
    with stage_bar("tasks", settings.state) as report:
        return run_tasks(settings, day, report, open_writer)
