"""The cache of source trees: each tree is a folder that appears whole, is made once and is never changed afterwards.

Processes that need the same tree at the same time wait for the first of them.
"""

import fcntl
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


class TreeError(Exception):
    """A source tree cannot be had; the message names the tree, and what to do next."""


def made_once(target: Path, make: Callable[[Path], None]) -> Path:
    """The folder `target`; if it is missing, `make` fills a new folder that then takes this name.

    Raises what `make` raises; nothing is left of a tree that could not be made.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _make(target, make)
    return target


def _make(target: Path, make: Callable[[Path], None]) -> None:
    folder = Path(tempfile.mkdtemp(prefix=".made-", dir=target.parent))
    try:
        tree = folder / "tree"
        tree.mkdir()
        make(tree)
        tree.rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
