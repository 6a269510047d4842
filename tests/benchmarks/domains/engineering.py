"""Measures engineering tasks in the real sandbox; smoke uses a small repository and no package.

What the tests of each package call is measured first, once per machine, and is not part of the time. Bugs are measured
within it, as far as no earlier night measured them.
"""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from flows.domains.contract import Refused
from flows.domains.engineering.composers.draws import Workshop
from flows.domains.engineering.sources.allowlist import chosen
from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.settings.environments import Environments, Repository
from tests.benchmarks.domains.rehearsed import NAMES, Size, rehearsed
from tests.benchmarks.figure import Figure, MissingTool
from tests.flows.domains.engineering.composers.library import repository

FULL, SMOKE = Size(40, (), explorer=True, qwen3=True), Size(1, ("do_nothing",), explorer=False, qwen3=False)
FIGURES = tuple(f"domains.engineering.{name}" for name in NAMES)


def figures(size: Size) -> Iterator[Figure]:
    """All figures; MissingTool on a machine without a sandbox."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        environments = _small(Path(folder) / "library") if size.tasks == 1 else Environments()
        workshop = Workshop(Resources(), "")
        for source in chosen(environments.packages, environments.repositories):
            with suppress(Refused):
                workshop.laboratory(source).baseline  # noqa: B018 - measured and kept
        yield from rehearsed(
            "engineering", "domains.engineering", size, Path(folder),
            lambda settings: settings.model_copy(update={"environments": environments}),
        )  # fmt: skip


def _small(home: Path) -> Environments:
    home.mkdir()
    tree = dict(repository(home).tree)
    given = {"name": "shapes", "path": tree["path"], "commit": tree["commit"], "license": "MIT"}
    return Environments(packages=[], repositories=[Repository.model_validate(given)])
