"""Checks that the folder of the home, and the lake, can be written to and have space, before a run starts.

They import no other room: a crawl alone needs these only, and would wait longer for the code of the other checks than
for its first page.
"""

import os
import shutil
from pathlib import Path

from flows.settings import Settings
from warehouse.objects import ObjectPath
from warehouse.objects.conditional_put import check_bucket

GB = 1e9


class NotReady(Exception):
    """This machine cannot do the night's work; the message names the place, the figure and the setting."""


def check_home(settings: Settings) -> str:
    """Return a sentence about the folder; raises NotReady if it is not writable."""
    existing = _existing(settings)
    if not os.access(existing, os.W_OK | os.X_OK):
        raise NotReady(f"home: {existing} is not writable")
    return f"{settings.home.absolute()} is writable"


def check_lake(settings: Settings) -> str:
    """Return a sentence about the place of the parts; raises LakeError if it is a bucket that cannot be used."""
    if not isinstance(settings.lake, ObjectPath):
        return f"parts are in {settings.lake.absolute()}"
    check_bucket(settings.lake)
    return f"parts can be put in {settings.lake}"


def check_disk(settings: Settings) -> str:
    """Return a sentence about its disk; raises NotReady if less than min_free_gb is free."""
    folder, floor_gb = _existing(settings), settings.min_free_gb
    free = shutil.disk_usage(folder).free / GB
    if free < floor_gb:
        raise NotReady(
            f"{free:.1f} GB are free on the disk of {folder}, and min_free_gb = {floor_gb:g} are needed to start: free "
            "space, or lower the setting."
        )
    return f"{free:,.1f} GB are free; a night starts from {floor_gb:g} (min_free_gb)"


def _existing(settings: Settings) -> Path:
    home = settings.home.absolute()
    return next(path for path in (home, *home.parents) if path.exists())
