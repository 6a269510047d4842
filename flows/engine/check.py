"""Checks before a night that every worker of a cluster has the night's folder and code, its disk and its lake."""

import os
import tempfile
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from socket import gethostname

from flows.engine.engine import EngineError
from flows.engine.open import opened_engine
from flows.settings import Settings
from warehouse.lake_errors import LakeError

CALLS = 2
"""Calls for each worker: Ray gives them to the machines in turn."""


def check_engine(settings: Settings) -> str:
    """A sentence about the workers; raises EngineError that names the machine which cannot work on this home."""
    if settings.engine.kind == "local":
        return "work is done by this machine (engine.kind)"
    settings.state.mkdir(parents=True, exist_ok=True)
    with opened_engine(settings) as engine, tempfile.NamedTemporaryFile(dir=settings.state, prefix="cluster-") as file:
        mark = os.urandom(16)
        file.write(mark)
        file.flush()
        read = partial(read_mark, Path(file.name), mark, settings.lake, _folders(settings))
        hosts = set(engine.spread(read, range(CALLS * engine.workers)))
    workers = f"{engine.workers} workers of a Ray cluster share" if engine.workers > 1 else "a Ray cluster's worker has"
    return f"{workers} the home; seen on {', '.join(sorted(hosts))}"


def _folders(settings: Settings) -> list[Path]:
    """The folders of sources on this machine, whose files the cluster reads."""
    sections = (one.paths for one in settings.crawl.sources if one.kind == "folder")
    paths = (path.expanduser().absolute() for path in chain(settings.crawl.folders, *sections))
    return [path for path in paths if path.is_dir()]


def read_mark(path: Path, mark: bytes, lake: Path, folders: Sequence[Path], _: int) -> str:
    """The name of this machine, which reads the mark of the night; raises EngineError if it cannot work on it."""
    host = gethostname()
    if not path.exists() or path.read_bytes() != mark:
        raise EngineError(
            f"the machine {host} of the cluster has another disk at {path.parent}: mount the home at the same path"
        )
    if missing := [folder for folder in folders if not folder.is_dir()]:
        raise EngineError(f"the machine {host} of the cluster has no folder {missing[0]}: mount it at the same path")
    try:
        (lake / path.name).exists()  # in a bucket: one request
    except LakeError as error:
        raise EngineError(
            f"the machine {host} of the cluster cannot read the lake: {error} Ray's workers have the variables of "
            "`ray start`: start it there with the credentials of the bucket."
        ) from error
    return host
