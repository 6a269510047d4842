"""Reads rows without what measures time, so that a killed run can be compared with an undisturbed one."""

from typing import Any

from flows.settings import Settings
from schemas import Record
from tests.flows.tasks.reading import rows

CLOCK = {"started_at", "ended_at", "seconds", "queued_seconds", "cpu_seconds", "n_restores", "examination_seconds"}


def timeless_rows(settings: Settings, model: type[Record], *ids: str) -> list[dict[str, Any]]:
    """All rows of a record without their times, sorted by the columns `ids`."""
    found = [{key: value for key, value in row.items() if key not in CLOCK} for row in rows(settings.home, model)]
    return sorted(found, key=lambda row: [str(row[name]).zfill(6) for name in ids])
