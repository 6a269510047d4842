"""Shows a night in Prefect: a progress artifact and lines in its Logs tab while it works, one page at its end.

The steps report to files, so a thread reads those, and no step knows of Prefect. Nothing here ends a night: an error of
Prefect's server costs the display only.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from threading import Event, Thread
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from flows.settings import Settings
from flows.watch.progress import NightProgress

POLL_S = 5.0


@contextmanager
def night_shown(settings: Settings, steps: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Show the progress of a night while the block runs its steps; yields a function to call as each step begins.

    Outside a flow run nothing is shown.
    """
    progress = NightProgress(settings.state, steps)
    if FlowRunContext.get() is None:
        yield progress.begin
        return
    shown = _Shown(progress, f"progress-{settings.deployment}")
    stop = Event()
    thread = Thread(target=shown.keep_current, args=(stop,), name="night progress", daemon=True)
    thread.start()
    try:
        yield shown.begin
        shown.end_step()
        shown.update(100.0)
    finally:
        stop.set()
        thread.join()


def show_page(settings: Settings, night: date, page_of: Callable[[Settings, date], str]) -> None:
    """Make the page of a night, Markdown, the newest of this home's deployment; Prefect shows one artifact per key."""
    with suppress(Exception):
        text, key = page_of(settings, night), f"report-{settings.deployment}"
        create_markdown_artifact(text, key=key, description=f"the night {night.isoformat()}")


class _Shown:
    """The progress artifact and the log of one flow run."""

    def __init__(self, progress: NightProgress, key: str) -> None:
        self._progress, self._log = progress, get_run_logger()
        self._artifact: UUID | None = None
        with suppress(Exception):
            description = "share of the night's steps that is done"
            self._artifact = create_progress_artifact(0.0, key=key, description=description, _sync=True)  # type: ignore[call-arg, assignment]

    def begin(self, step: str) -> None:
        """Log the last line of the step before, and the name of this one."""
        self.end_step()
        self._progress.begin(step)
        self._log.info("%s begins", step)

    def end_step(self) -> None:
        """Log the last line of the present step, if it has reported anything that is not logged yet."""
        self._log_line(ended=True)

    def keep_current(self, stop: Event) -> None:
        """Update the artifact and the log every POLL_S until `stop` is set."""
        shown = 0.0
        while not stop.wait(POLL_S):
            self._log_line()
            percent = self._progress.percent()
            if percent != shown:
                self.update(percent)
                shown = percent

    def update(self, percent: float) -> None:
        """Set the artifact's percentage."""
        with suppress(Exception):
            if self._artifact:
                update_progress_artifact(self._artifact, percent, description=self._progress.step)

    def _log_line(self, *, ended: bool = False) -> None:
        if line := self._progress.line(ended=ended):
            self._log.info("%s", line)
