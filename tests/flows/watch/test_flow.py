"""A night in a real Prefect: its page, its progress and its log lines."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from prefect import flow, get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import Artifact
from prefect.runtime import flow_run

from flows.nightly import page_of
from flows.settings import Settings
from flows.watch.flow import night_shown, show_page
from tests.doubles.lakes.hostile_night import write_hostile_nights
from warehouse.console.progress import stage_bar
from warehouse.lake import Lake

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prefect")]
STEPS = ["crawl", "refine"]


@pytest.fixture(scope="module")
def prefect() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness  # imports the whole server

    with prefect_test_harness(server_startup_timeout=120):
        yield


@flow
def night(settings: Settings, day: date) -> str:
    with night_shown(settings, STEPS) as begin:
        for step in STEPS:
            begin(step)
            with stage_bar(step, settings.state) as report:
                report(3, 3, f"{step} is complete")
    show_page(settings, day, page_of)
    return str(flow_run.id)


async def found(run: str) -> tuple[list[Artifact], list[str]]:
    """The artifacts of a flow run, and its lines in the Logs tab as soon as they have arrived."""
    async with get_client() as client:
        for _ in range(60):
            logs = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[UUID(run)])))
            lines = [log.message for log in logs]
            if any("refine is complete" in line for line in lines):
                break
            await asyncio.sleep(0.5)
        return [one for one in await client.read_artifacts() if str(one.flow_run_id) == run], lines


def test_a_night_is_one_page_one_bar_and_a_line_a_step(tmp_path: Path, prefect: None) -> None:
    """A person who opens Prefect in the morning must not assemble the night from tables."""
    settings = Settings(home=tmp_path)
    day = date.fromisoformat(write_hostile_nights(Lake(settings.lake)))
    artifacts, lines = asyncio.run(found(night(settings, day)))
    by_type = {one.type: one for one in artifacts}
    assert set(by_type) == {"markdown", "progress"}
    assert by_type["progress"].data == 100
    page = str(by_type["markdown"].data)
    assert by_type["markdown"].key == f"report-{settings.deployment}"
    for heading in ("## Night 2026-11-10", "### Length against the goal", "### Refused most", "Release:"):
        assert heading in page
    assert "<" not in page
    for step in STEPS:
        assert f"{step}: 3 of 3 {step} is complete" in lines


def test_a_night_without_an_attempt_has_a_page_that_says_so(tmp_path: Path) -> None:
    assert "no attempt yet" in page_of(Settings(home=tmp_path), date(2026, 1, 1))
