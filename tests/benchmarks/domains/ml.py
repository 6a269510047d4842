"""Measures ML engineering: how policies fare on composed tasks in the real sandbox, and how long the oracle works.

Tasks take turns among the families, so fourteen of them measure each family once.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flows.environments.sandbox import unavailable
from tests.benchmarks.domains.rehearsed import NAMES, Size, rehearsed
from tests.benchmarks.figure import Figure, MissingTool

FULL, SMOKE = Size(14, (), explorer=True, qwen3=True), Size(1, ("constant",), explorer=False, qwen3=False)
FIGURES = tuple(f"domains.ml.{name}" for name in NAMES)


def figures(size: Size) -> Iterator[Figure]:
    """All figures; MissingTool on a machine without a sandbox."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        yield from rehearsed("ml_engineering", "domains.ml", size, Path(folder))
