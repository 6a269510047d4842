"""Measures the scientific agentic domain: how policies fare on composed projects in the real sandbox, and how long."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flows.environments.sandbox import unavailable
from flows.settings import Settings
from flows.settings.environments import ImageSettings, SandboxSettings
from tests.benchmarks.domains.rehearsed import NAMES, Size, rehearsed
from tests.benchmarks.figure import Figure, MissingTool

FULL, SMOKE = Size(30, (), explorer=True, qwen3=True), Size(1, ("nothing",), explorer=False, qwen3=False)
FIGURES = tuple(f"domains.scientific.{name}" for name in NAMES)


def figures(size: Size) -> Iterator[Figure]:
    """All figures; MissingTool on a machine without a sandbox."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        yield from rehearsed("scientific_agentic", "domains.scientific", size, Path(folder), _small_image)


def _small_image(settings: Settings) -> Settings:
    """Scripts of players import numpy only, so the image holds little else."""
    image = ImageSettings(name="science", python=["numpy>=2,<3", "sympy>=1.13,<2"])
    return settings.model_copy(update={"sandbox": SandboxSettings(images=[image])})
