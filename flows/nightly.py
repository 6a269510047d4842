"""The nightly flow, and the contents page of the factory: crawl, tasks, rollout, judge, refine, publish.

Each step is the `flow.py` of its room and returns counts only. The data lies in the lake, so an interrupted run
resumes, and any step can run alone.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import nullcontext
from datetime import date
from functools import partial

from prefect import flow
from prefect.client.schemas.objects import State

from flows.closed_nights import compact_after_night
from flows.crawl.flow import crawl
from flows.judge.flow import judge
from flows.notify.alert import Alerts
from flows.preflight import check_before_run
from flows.publish.flow import attach_page, publish
from flows.refine.background_prepare import preparing_in_background
from flows.refine.flow import refine
from flows.retention.prune import prune_after_night
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
from flows.watch.flow import night_shown, show_page
from schemas.record import night_of
from warehouse.connect import connect, rebuild_warehouse
from warehouse.lake import Lake
from warehouse.report.figures import ReportError, read_figures
from warehouse.report.page import night_page
from warehouse.report.summary import night_markdown

LOG = logging.getLogger(__name__)
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
    only: list[str] | None = None,
    max_tokens: int | None = None,
    max_hours: float | None = None,
) -> dict[str, Counts] | State[None]:
    """Run all steps of a night, or those of `only`; counts per step, or the state of a run that did no work.

    `home` is the resolved home that the run is for; raises WrongHome if the settings of the working directory name
    another one. `night` is a run_id; by default the night of the run's scheduled start, or today's. `max_tokens`
    (sampled) and `max_hours` override the rollout budget of the settings for this run.
    """
    settings = load().within(max_tokens, max_hours)
    refuse_other_home(settings.home, home)
    with sigterm_as_interrupt():
        if not only:
            return run_night(settings, night, partial(run_steps, settings), Alerts(settings))
        with run_lock(settings.state):
            return run_steps(settings, night_of(night) if night else current_night(settings), only)


def run_steps(settings: Settings, night: date, only: Collection[str] = ()) -> dict[str, Counts]:
    """Run the steps in order, or only some of them; whatever can fail at once is checked first.

    A whole night ends with the compaction of earlier ones, and the removal of old data.
    """
    check_before_run(settings, only)
    if not settings.warehouse.exists():
        rebuild_warehouse(settings.warehouse, Lake(settings.lake))  # other clients query the first night, too
    names, counts = chosen_steps(settings, only), dict[str, Counts]()
    try:
        with night_shown(settings, names) as begin:
            for name in names:
                begin(name)
                with preparing_in_background(settings) if name == "rollout" else nullcontext():
                    counts[name] = STEPS[name](settings, night)
    except Exception:
        show_page(settings, night, page_of)
        raise
    show_page(settings, night, page_of)
    publish_page(settings, night, str(counts.get("publish", {}).get("location", "")))
    if not only:
        compact_after_night(settings, night)
        prune_after_night(settings, night)
    return counts


def chosen_steps(settings: Settings, only: Collection[str] = ()) -> list[str]:
    """The steps of a run, in order: those named, or all that it needs.

    A night whose tasks need no pages does not crawl, and one whose judge is off does not judge.
    """
    if only:
        return [name for name in STEPS if name in only]
    needed = {"crawl": needs_pages(settings), "judge": settings.judge.enabled}
    return [name for name in STEPS if needed.get(name, True)]


def page_of(settings: Settings, night: date) -> str:
    """The night as one page of Markdown: figures beside the night before, refusals, release, and the newest rollout."""
    lake, limits = Lake(settings.lake), {"memory_limit": settings.refine.memory_limit}
    try:
        page = night_markdown(read_figures(lake, night.isoformat(), **limits))
    except ReportError as error:
        page = f"## Night {night.isoformat()}\n\n{error}\n"
    if newest := read_status(settings.state):
        with connect(lake) as con:
            page += f"\n### Rollout\n\n{status_display.markdown(newest, con)}"
    return page


def publish_page(settings: Settings, night: date, location: str) -> None:
    """Store the night's HTML page beside the card of its release, if it made one; a failure costs the page only."""
    if not location:
        return
    try:
        figures = read_figures(Lake(settings.lake), night.isoformat(), memory_limit=settings.refine.memory_limit)
        attach_page(settings, location, night_page(figures))
    except Exception as error:
        LOG.warning("the page of the night is not beside its release: %s. `factory report` writes it", error)


def serve_nightly() -> None:
    """Serve the nightly as this home's Prefect deployment on the settings' cron schedule, until SIGTERM."""
    settings = load()
    serve(nightly, settings, Alerts(settings))
