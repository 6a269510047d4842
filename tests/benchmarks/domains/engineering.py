"""Measures how fast engineering tasks are composed in the real sandbox; smoke uses a small repository and no package.

What the tests of each package call is measured first, once per machine, and is not part of the time. Bugs are measured
within it, as far as no earlier night measured them.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from flows.domains import domain
from flows.domains.contract import Refused
from flows.domains.engineering.composers.draws import Workshop
from flows.domains.engineering.sources.allowlist import chosen
from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.settings.environments import Environments, Repository
from tests.benchmarks.domains.seeded import DAY, compose, settings_of
from tests.benchmarks.figure import Figure, MissingTool
from tests.flows.domains.engineering.composers.library import repository


class Size(NamedTuple):
    """Number of tasks, and whether they are made of the listed packages."""

    tasks: int
    packages: bool


FULL, SMOKE = Size(60, packages=True), Size(1, packages=False)
FIGURES = ("domains.engineering.tasks_per_min",)


def figures(size: Size) -> Iterator[Figure]:
    """The figure; MissingTool on a machine without a sandbox."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        environments = Environments() if size.packages else _small(Path(folder) / "library")
        workshop = Workshop(Resources(), "")
        for source in chosen(environments.packages, environments.repositories):
            with suppress(Refused):
                workshop.laboratory(source).baseline  # noqa: B018 - measured and kept
        settings = settings_of(domain("engineering"), Path(folder) / "home", size.tasks, probes=[])
        begun = time.perf_counter()
        counts = compose(settings.model_copy(update={"environments": environments}), DAY)
        per_min = int(counts["composed"]) / (time.perf_counter() - begun) * 60
        yield Figure("domains.engineering.tasks_per_min", round(per_min, 4), "1/min", f"{size.tasks} tasks")


def _small(home: Path) -> Environments:
    home.mkdir()
    tree = dict(repository(home).tree)
    given = {"name": "shapes", "path": tree["path"], "commit": tree["commit"], "license": "MIT"}
    return Environments(packages=[], repositories=[Repository.model_validate(given)])
