"""Measures science: composing with both ways of computing, near-duplicates, and how policies fare in the sandbox.

Truth is compared a second time within composing; `two_ways_differ` is the share of candidates in which it failed.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from flows.domains.contract import Draft, Refused
from flows.domains.science.composing.compose import LIBRARY_STUDY
from flows.domains.seeds import Seed
from flows.environments.sandbox import unavailable
from flows.settings import Settings
from flows.settings.environments import ImageSettings, SandboxSettings
from tests.benchmarks.domains.rehearsed import NAMES, Size, rehearsed
from tests.benchmarks.figure import Figure, MissingTool

ALIKE = 0.5
"""Share of common word triples from which two instructions count as near-duplicates."""


class Sizes(NamedTuple):
    """Drafts composed, and the size of the rehearsal."""

    composed: int
    rehearsal: Size


FULL = Sizes(1000, Size(30, (), explorer=True, qwen3=True))
SMOKE = Sizes(2, Size(1, ("plain",), explorer=False, qwen3=False))
OWN = ("composed_per_min", "two_ways_differ", "near_duplicates", "same_path")
FIGURES = tuple(f"domains.science.{name}" for name in (*OWN, *NAMES))


def figures(size: Sizes) -> Iterator[Figure]:
    """All figures; MissingTool on a machine without a sandbox."""
    yield from _composing(size.composed)
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        yield from rehearsed("science", "domains.science", size.rehearsal, Path(folder), small_image)


def small_image(settings: Settings) -> Settings:
    """Players need little, so the image holds numpy and sympy only."""
    image = ImageSettings(name="science", python=["numpy>=2,<3", "sympy>=1.13,<2"])
    return settings.model_copy(update={"sandbox": SandboxSettings(images=[image])})


def _composing(wanted: int) -> Iterator[Figure]:
    LIBRARY_STUDY.compose(Seed(0, 1), lambda system, text: "")  # imports of the second ways are not measured
    drafts, refused, begun = list[Draft](), list[str](), time.perf_counter()
    for number in count(1):
        try:
            drafts.append(LIBRARY_STUDY.compose(Seed(number, 7919 * number), lambda system, text: ""))
        except Refused as reason:
            refused.append(str(reason))
        if len(drafts) == wanted:
            break
    against, tried = f"{wanted} drafts", wanted + len(refused)
    speed = wanted / (time.perf_counter() - begun) * 60
    yield Figure("domains.science.composed_per_min", round(speed, 1), "1/min", f"{against}, computed in two ways")
    differ = refused.count("two_ways_differ") + refused.count("unchecked_step")
    yield Figure("domains.science.two_ways_differ", round(differ / tried, 4), "share", f"{tried} candidates")
    near = near_duplicates([one.instruction for one in drafts])
    yield Figure("domains.science.near_duplicates", round(near, 4), "share", against)
    paths = {str((one.difficulty["topics"], one.difficulty["precedence"])) for one in drafts}
    yield Figure("domains.science.same_path", round(1 - len(paths) / wanted, 4), "share", against)


def near_duplicates(texts: Sequence[str]) -> float:
    """The share of texts that are like an earlier one."""
    sets = [_triples(text) for text in texts]
    alike = sum(any(_overlap(one, other) >= ALIKE for other in sets[:at]) for at, one in enumerate(sets))
    return alike / len(texts)


def _triples(text: str) -> frozenset[tuple[str, ...]]:
    words = text.split()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _overlap(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    return len(one & other) / max(1, len(one | other))
