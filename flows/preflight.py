"""Checks, before `factory serve` waits and before a run works, that a night can be done to its end.

Each check takes seconds and leaves nothing behind; its error names the setting. A night that would fail at its end,
for a full disk or a mistyped bucket, fails at its start instead.
"""

import os
import shutil
from pathlib import Path

from flows.publish.check_store import check_store
from flows.refine.validate_settings import validate_keys, validate_settings
from flows.rollout.engines.check import check_teacher
from flows.settings import Settings
from flows.tasks.composers import chosen_composers

GB = 1e9


class NotReady(Exception):
    """This machine cannot do the night's work; the message names the place, the figure and the setting."""


def check_before_serving(settings: Settings) -> None:
    """Raise the error of the first check that fails. Opens and creates no lake."""
    chosen_composers(settings)
    validate_keys(settings)
    _check_home(settings)
    check_teacher(settings.teacher)
    check_store(settings.publish)


def check_before_run(settings: Settings, only: str | None) -> None:
    """Raise the error of the first check that fails, of those that the steps of this run need."""
    if only in (None, "tasks"):
        chosen_composers(settings)
    _check_home(settings)
    if only in (None, "rollout"):
        check_teacher(settings.teacher)
    if only in (None, "publish"):
        check_store(settings.publish)
    if only in (None, "refine"):
        validate_settings(settings)


def _check_home(settings: Settings) -> None:
    home = settings.home.absolute()
    existing = next(path for path in (home, *home.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise NotReady(f"home: {existing} is not writable")
    _check_disk(existing, settings.min_free_gb)


def _check_disk(folder: Path, floor_gb: float) -> None:
    free = shutil.disk_usage(folder).free / GB
    if free < floor_gb:
        raise NotReady(
            f"{free:.1f} GB are free on the disk of {folder}, and min_free_gb = {floor_gb:g} are needed to start: free "
            "space, or lower the setting."
        )
