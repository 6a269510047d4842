"""Reads rows without what measures time, so that a killed run can be compared with an undisturbed one."""

from typing import Any

from flows.settings import Settings
from schemas import Record
from tests.flows.tasks.reading import rows_of
from warehouse.lake import Lake

CLOCK = {"started_at", "ended_at", "seconds", "queued_seconds", "cpu_seconds", "n_restores", "examination_seconds"}


def timeless_rows(settings: Settings, model: type[Record], *ids: str) -> list[dict[str, Any]]:
    """All rows of a record without their times, sorted by the columns `ids`."""
    found = rows_of(Lake(settings.lake), model)
    timeless = [{key: value for key, value in row.items() if key not in CLOCK} for row in found]
    return sorted(timeless, key=lambda row: [str(row[name]).zfill(6) for name in ids])
