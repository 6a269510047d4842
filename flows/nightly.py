"""The nightly flow, and the contents page of the factory: crawl, tasks, rollout, judge, refine, publish.

Each step is the `flow.py` of its room and returns counts only. The data lies in the lake, so an interrupted run
resumes, and any step can run alone.
"""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import date
from functools import partial

from prefect import flow
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.client.schemas.objects import State

from flows.closed_nights import compact_after_night
from flows.crawl.flow import crawl
from flows.judge.flow import judge
from flows.notify.alert import Alerts
from flows.preflight import check_before_run
from flows.publish.flow import publish
from flows.refine.background_prepare import preparing_in_background
from flows.refine.flow import refine
from flows.rollout.flow import rollout
from flows.rollout.monitor import status_display
from flows.rollout.monitor.run_status import read_status
from flows.rollout.writer import open_writer
from flows.schedule.flow import run_night, serve
from flows.schedule.history import current_night
from flows.schedule.interrupts import sigterm_as_interrupt
from flows.schedule.run_lock import refuse_other_home, run_lock
from flows.settings import Settings, load
from flows.tasks.composers import needs_pages
from flows.tasks.flow import tasks
from schemas.record import night_of
from warehouse.connect import connect, rebuild_warehouse
from warehouse.console.stats import markdown
from warehouse.lake import Lake

Counts = dict[str, int | str]
Step = Callable[[Settings, date], Counts]

STEPS: dict[str, Step] = {
    "crawl": crawl,  # pages of the sources become documents
    "tasks": partial(tasks, open_writer=open_writer),  # walks over their links become tasks
    "rollout": rollout,  # the teacher works each task, k samples
    "judge": partial(judge, open_judge=open_writer),  # a model judges them against a rubric, if judge.enabled is set
    "refine": refine,  # every trajectory is kept, or rejected with its reasons
    "publish": publish,  # the kept trajectories become a release
}


@flow(name="nightly", persist_result=False)
def nightly(
    home: str,
    night: str | None = None,
    only: str | None = None,
    max_tokens: int | None = None,
    max_hours: float | None = None,
) -> dict[str, Counts] | State[None]:
    """Run all steps, or only one, of a night; returns counts per step, or the state of a run that did no work.

    `home` is the resolved home that the run is for; raises WrongHome if the settings of the working directory name
    another one. `night` is a run_id; by default the night of the run's scheduled start, or today's. `max_tokens`
    (sampled) and `max_hours` override the rollout budget of the settings for this run.
    """
    settings = load().within(max_tokens, max_hours)
    refuse_other_home(settings.home, home)
    with sigterm_as_interrupt():
        if only is None:
            return run_night(settings, night, partial(run_steps, settings), Alerts(settings))
        with run_lock(settings.state):
            return run_steps(settings, night_of(night) if night else current_night(settings), only)


def run_steps(settings: Settings, night: date, only: str | None = None) -> dict[str, Counts]:
    """Run the steps in order, or one of them; whatever can fail at once is checked first.

    A whole night ends with the compaction of earlier ones.
    """
    check_before_run(settings, only)
    if not settings.warehouse.exists():
        rebuild_warehouse(settings.warehouse, Lake(settings.lake))  # other clients query the first night, too
    counts: dict[str, Counts] = {}
    try:
        for name in chosen_steps(settings, only):
            with preparing_in_background(settings) if name == "rollout" else nullcontext():
                counts[name] = STEPS[name](settings, night)
    except Exception:
        with suppress(Exception):  # the step's error matters more than a failed artifact
            create_artifacts(settings, counts)
        raise
    create_artifacts(settings, counts)
    if only is None:
        compact_after_night(settings, night)
    return counts


def chosen_steps(settings: Settings, only: str | None) -> list[str]:
    """The steps of a run, in order: one of them, or all that it needs.

    A night whose tasks need no pages does not crawl, and one whose judge is off does not judge.
    """
    if only is not None:
        return [only]
    needed = {"crawl": needs_pages(settings), "judge": settings.judge.enabled}
    return [name for name in STEPS if needed.get(name, True)]


def create_artifacts(settings: Settings, counts: dict[str, Counts]) -> None:
    """Create Prefect artifacts: funnel, horizon histogram, rollout status and cost, address of the release.

    Their keys end with the name of the home's deployment: Prefect shows one artifact per key.
    """
    with connect(Lake(settings.lake)) as con:
        for mart in ("funnel", "horizon_histogram", "censoring", "rollout_cost"):
            create_markdown_artifact(markdown(con, mart), key=f"{mart.replace('_', '-')}-{settings.deployment}")
        if newest := read_status(settings.state):
            create_markdown_artifact(status_display.markdown(newest, con), key=f"rollout-{settings.deployment}")
    location = str(counts.get("publish", {}).get("location", ""))
    if location:
        create_link_artifact(location, link_text=location, key=f"release-{settings.deployment}")


def serve_nightly() -> None:
    """Serve the nightly as this home's Prefect deployment on the settings' cron schedule, until SIGTERM."""
    settings = load()
    serve(nightly, settings, Alerts(settings))
