"""Studies and worlds for tests; the image is a small one, since players need sympy only."""

import json
import os
from pathlib import Path

import pytest

from flows.domains.science.study.draw import draw_study
from flows.domains.science.study.pages import pages_of
from flows.domains.science.world.environment import ReadingRoom, digest_of, opened
from flows.environments.resources import Resources
from flows.environments.sandbox import Packages, unavailable
from flows.environments.tool import Answer, ToolCall

SMALL_IMAGE = Resources(images=(Packages("science", ("numpy>=2,<3", "sympy>=1.13,<2")),))
"""Resources in which the image `science` holds numpy and sympy only."""
SEED = 11


def need_sandbox() -> None:
    """Skip on a machine without a sandbox; FACTORY_REQUIRE_SANDBOX=1 makes that a failure."""
    if (reason := unavailable()) and not os.environ.get("FACTORY_REQUIRE_SANDBOX"):
        pytest.skip(reason)


def setup_of(seed: int = SEED) -> str:
    """The setup of a study."""
    return json.dumps({"seed": seed, "sha256": digest_of(pages_of(draw_study(seed), seed))})


def room(seed: int = SEED) -> ReadingRoom:
    """A fresh world without the tool python."""
    world = opened(setup_of(seed), Resources(), Path())
    assert isinstance(world, ReadingRoom)
    return world


def call(world: ReadingRoom, name: str, **arguments: object) -> Answer:
    """The answer of a valid call."""
    tool = {one.name: one for one in world.tools()}[name]
    assert tool.invalid(arguments) is None
    return world.act(ToolCall("call", name, dict(arguments)))
