"""Opens the crawl frontier; a damaged one is kept aside and a new one is started, so that a damaged file ends no crawl.

The frontier holds nothing that cannot be fetched again: the urls that still waited, pages that had not reached the
lake, and the ETags with which unchanged pages are not sent again.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sources.frontier.database import FrontierBusy
from sources.frontier.frontier import Frontier, FrontierError

F = TypeVar("F", bound=Frontier)

LOG = logging.getLogger(__name__)
PARTS_OF_DATABASE = ("", "-wal", "-shm")


def open_frontier(path: Path, extractor: str) -> tuple[Frontier, str | None]:
    """The frontier, and a sentence if it is a new one in place of a damaged one. Raises OSError, FrontierError."""
    return recovered(path, lambda: Frontier(path, extractor))


def recovered(path: Path, opening: Callable[[], F]) -> tuple[F, str | None]:
    """The opened frontier; a damaged file is kept aside, and `opening` is called once more, with a sentence on that.

    Raises FrontierBusy if another process holds the file.
    """
    try:
        return opening(), None
    except FrontierBusy:
        raise
    except FrontierError as error:
        kept = set_database_aside(path)
        lost = f"the frontier was damaged ({error.reason}) and is kept as {kept}: its pages are fetched again"
        LOG.warning("%s", lost)
        return opening(), lost


def set_database_aside(path: Path) -> Path:
    """Rename the files of a SQLite database to a name that is free; returns that name."""
    number = 1
    while os.path.lexists(kept := path.with_name(f"{path.name}.damaged-{number}")):
        number += 1
    for suffix in PARTS_OF_DATABASE:
        if os.path.lexists(f"{path}{suffix}"):
            Path(f"{path}{suffix}").rename(f"{kept}{suffix}")
    return kept
