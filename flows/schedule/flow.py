"""Serves the nightly with Prefect: its deployment, runs that an earlier process left behind, and late nights.

The only file of this room that imports Prefect.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow, get_client
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.states import Cancelled, Crashed, Scheduled
from prefect.types.entrypoint import EntrypointType

from flows.schedule.booking import NOT_SERVED, NightMissed, booked, record_missed_before
from flows.schedule.history import current_night, record_killed, record_missed
from flows.schedule.interrupts import end_with_parent, silence_teardown
from flows.schedule.night_log import NightLog
from flows.schedule.recorded import recorded
from flows.schedule.sentences import sentence
from flows.schedule.telling import Alerts, telling
from flows.schedule.times import Due, scheduled_night
from flows.settings import Schedule, Settings
from schemas.record import night_of

Counts = dict[str, dict[str, int | str]]
Work = Callable[[date], Counts]

NIGHT_STOP_S, RUNNER_STOP_S = 60.0, 15.0
"""Seconds that each has to end in order once its parent is gone."""
MOST_RUNS = 200
"""The most that Prefect lists at once; it makes at most 100 runs ahead."""
KILLED = "its process was killed"


def serve(flow: Flow[..., Any], settings: Settings, alerts: Alerts) -> None:
    """Register this home's deployment and run its nights as they come due, until SIGTERM or the parent's end.

    Ends the process if the server does not answer; `factory serve` then starts both again.
    """
    end_with_parent(RUNNER_STOP_S)
    try:
        asyncio.run(_serve(flow, settings, alerts))
    except httpx.TransportError as error:
        sys.exit(f"the Prefect server does not answer: {error}")


async def _serve(flow: Flow[..., Any], settings: Settings, alerts: Alerts) -> None:
    schedule, log = settings.schedule, NightLog(settings.state)
    home = {"home": str(settings.home.resolve())}
    runner = Runner(name=settings.deployment, limit=1, pause_on_shutdown=False)
    deployment = await runner.aadd_flow(
        flow,
        name=settings.deployment,
        parameters=home,
        schedule=Cron(schedule.cron, timezone=schedule.timezone),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    async with get_client() as client:
        await _recover(client, deployment, log)
        with telling(log, alerts):
            late = record_missed(log, schedule, datetime.now(UTC), NOT_SERVED)
        if late and not await _is_waiting(client, deployment, schedule, late):
            await _run_late(client, deployment, home, late)
    log.write("served", cron=schedule.cron, timezone=schedule.timezone)
    await _run_until_sigterm(runner)


async def _run_until_sigterm(runner: Runner) -> None:
    """Run the runner, which stops the night in progress on SIGTERM.

    The runner's own handler exits in the middle of the event loop, so it is replaced as soon as the runner has set it.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(_report_error)
    running, stopped = asyncio.create_task(runner.start()), asyncio.create_task(stop.wait())
    await asyncio.sleep(0)  # the runner sets its handler before it first waits
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        await runner.astop()
    stopped.cancel()
    await running


def _report_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Report what a callback raised, except that a task of Prefect's was cancelled, as at every end."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


async def _recover(client: PrefectClient, deployment: UUID, log: NightLog) -> None:
    """Settle runs that an earlier runner left.

    A run that was handed out but never began is scheduled again. A run whose process is gone has crashed.
    """
    alive = {event.flow_run for event in log.newest().values() if event.is_alive}
    runs = await _runs(client, deployment, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
    for run in runs:
        if str(run.id) in alive:
            continue
        began = run.state_type != StateType.PENDING
        state: State[None] = Crashed(message=KILLED) if began else Scheduled(scheduled_time=run.expected_start_time)
        await client.set_flow_run_state(run.id, state, force=True)


async def _is_waiting(client: PrefectClient, deployment: UUID, schedule: Schedule, late: Due) -> bool:
    """True if Prefect has a run of this night already, made before its time."""
    runs = await _runs(client, deployment, StateType.SCHEDULED)
    starts = [run.expected_start_time for run in runs if run.auto_scheduled and run.expected_start_time]
    return any(scheduled_night(schedule, start) == late.night for start in starts)


async def _runs(client: PrefectClient, deployment: UUID, *states: StateType) -> list[FlowRun]:
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=MOST_RUNS,
    )


async def _run_late(client: PrefectClient, deployment: UUID, home: dict[str, str], late: Due) -> None:
    parameters = home | {"night": late.night.isoformat()}
    name = f"late-{late.night}"
    await client.create_flow_run_from_deployment(deployment, parameters=parameters, state=Scheduled(), name=name)


def run_night(settings: Settings, wanted: str | None, work: Work, alerts: Alerts) -> Counts | State[None]:
    """Do the work of a night under the run lock, log its start and its end, and let `alerts` see how it ends.

    The night is the one of run_id `wanted`, else the one of the run's scheduled start, else today's. A scheduled night
    that comes so late that the next one is due already is written down as missed. Raises RunLocked.
    """
    run, log = _present_run(), NightLog(settings.state)
    due = None if wanted else _scheduled(run, settings.schedule)
    night = night_of(wanted) if wanted else due.night if due else current_night(settings)
    try:
        if due:
            with telling(log, alerts):
                record_missed_before(log, settings.schedule, due)
        with alerts.watching(night), booked(log, settings.schedule, due, settings.state):
            with telling(log, alerts):
                _say_killed(log, settings, night)
            with recorded(log, night, due, settings.schedule, str(run.id) if run else "") as set_result:
                counts = work(night)
                set_result(_result(counts))
        return counts
    except NightMissed as missed:
        return Cancelled(message=str(missed))
    except KeyboardInterrupt:
        if run:  # without a traceback in the log of `factory serve`
            return Cancelled(message=f"the night {night} was stopped; the next one goes on with its attempts")
        raise


def _result(counts: Counts) -> str:
    kept, location = (counts.get(step, {}).get(key) for step, key in (("refine", "kept"), ("publish", "location")))
    return f"{kept} trajectories kept; {f'release {location}' if location else 'nothing was published'}"


def _say_killed(log: NightLog, settings: Settings, night: date) -> None:
    """Log the nights whose process was killed, and show them in Prefect, which may still call them running."""
    killed = record_killed(log, night.isoformat())
    with suppress(Exception):  # Prefect may have forgotten the run; the night matters more
        for event in killed:
            if event.flow_run:
                with get_client(sync_client=True) as client:
                    client.set_flow_run_state(UUID(event.flow_run), Crashed(message=event.detail), force=True)
        if killed:
            lines = "\n\n".join(map(sentence, killed))
            create_markdown_artifact(lines, key=f"night-{settings.deployment}", description="nights that did not end")


def _present_run() -> FlowRun | None:
    """The Prefect run of the flow in progress, if a deployment started it; None for a run of the command line."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run and run.deployment_id:
        end_with_parent(NIGHT_STOP_S)
        silence_teardown()
        return run
    return None


def _scheduled(run: FlowRun | None, schedule: Schedule) -> Due | None:
    """The night of a run that the schedule made; None for one that a person started."""
    if run and run.auto_scheduled and run.expected_start_time:
        return Due(scheduled_night(schedule, run.expected_start_time), run.expected_start_time)
    return None
