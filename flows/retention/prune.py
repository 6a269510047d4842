"""Removes what the settings let go. A folder vanishes whole by a rename, so no reader sees half a release."""

import logging
import shutil
from datetime import date

from flows.retention.candidates import LEFT, candidates
from flows.retention.record import Removable, write_removal
from flows.settings import Settings
from warehouse.console.progress import ProgressCallback, stage_bar
from warehouse.lake import LakeError

LOG = logging.getLogger(__name__)


class PruneError(Exception):
    """The disk refuses a removal; the message names the path and the next step."""


def prune(settings: Settings, newest: date, report: ProgressCallback) -> list[Removable]:
    """Remove what the settings let go on the night `newest`, and return it. Call it under the run lock.

    A kill leaves each entry whole or gone; the same call continues. Raises PruneError, LakeError.
    """
    found: list[Removable] = []
    while batch := [one for one in candidates(settings, newest) if one not in found]:
        for one in batch:
            _remove(settings, one)
            found.append(one)
            report(len(found), len(found), one.kind)
    return found


def prune_after_night(settings: Settings, night: date) -> None:
    """Prune with a progress bar; a failure is logged, since the night itself is done."""
    try:
        with stage_bar("prune", settings.state) as report:
            prune(settings, night, report)
    except (LakeError, PruneError) as error:
        LOG.warning("old data was not removed: %s", error)


def _remove(settings: Settings, one: Removable) -> None:
    try:
        write_removal(settings.state, one)
        if one.path.is_dir() and not one.path.is_symlink():
            gone = one.path if one.path.name.endswith(LEFT) else one.path.with_name(f".{one.path.name}{LEFT}")
            one.path.rename(gone)
            shutil.rmtree(gone)
        else:
            one.path.unlink(missing_ok=True)
    except OSError as error:
        raise PruneError(f"cannot remove {one.path}: {error}. Fix permissions, then prune again.") from error
