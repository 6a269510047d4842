"""Measures ML engineering: how policies fare on composed tasks in the real sandbox, and how long the oracle works.

Tasks take turns among the families, so fourteen of them measure each family once. Probes are left out, since the
rehearsal plays the same policies. Lengths are in tokens of Qwen3 (smoke: of a splitter), without reasoning.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flows.domains import domain
from flows.domains.contract import Domain, Policies
from flows.environments.sandbox import unavailable
from flows.rollout.rehearsal.rehearse import rehearse
from flows.settings import Settings
from tests.benchmarks.domains.seeded import compose, lengths, qwen3, settings_of, shares
from tests.benchmarks.figure import Figure, MissingTool
from warehouse.console.progress import silent


class Size(NamedTuple):
    """Number of tasks, the shortcuts that play them (none: all), and the tokenizer, which takes seconds to make."""

    tasks: int
    shortcuts: tuple[str, ...]
    explorer: bool
    qwen3: bool


FULL, SMOKE = Size(14, (), explorer=True, qwen3=True), Size(1, ("constant",), explorer=False, qwen3=False)
NAMES = ("tasks_per_min", "oracle", "explorer", "shortcuts", "calls_median", "tokens_mean", "tokens_p90")
FIGURES = tuple(f"domains.ml.{name}" for name in NAMES)


def figures(size: Size) -> Iterator[Figure]:
    """All figures; MissingTool on a machine without a sandbox."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured(size, Path(folder))


def _measured(size: Size, folder: Path) -> Iterator[Figure]:
    whole, tasks, made = domain("ml_engineering"), f"{size.tasks} tasks", list[float]()

    def timed(settings: Settings, day: date) -> None:
        begun = time.perf_counter()
        composed = compose(settings, day)
        made.append(int(composed["composed"]) / (time.perf_counter() - begun) * 60)

    tokenizer = qwen3(folder) if size.qwen3 else None
    settings = settings_of(whole, folder, size.tasks, probes=[], tokenizer=tokenizer)
    found = {one.engine: one for one in rehearse(settings, _played(whole, size), size.tasks, timed, silent)}
    yield Figure("domains.ml.tasks_per_min", round(made[0], 4), "1/min", f"{tasks}, models fitted")
    for name, value in shares(found).items():
        yield Figure(f"domains.ml.{name}", round(value, 4), "share", tasks)
    measured = lengths(found["oracle"], settings.state / "rehearsal" / whole.name / "oracle")
    for name in ("calls_median", "tokens_mean", "tokens_p90"):
        unit = "calls" if name.startswith("calls") else "tokens"
        yield Figure(f"domains.ml.{name}", round(measured[name], 4), unit, f"{tasks}, by the oracle")


def _played(whole: Domain, size: Size) -> Domain:
    """The domain with the policies of a size."""
    assert whole.policies is not None
    known = whole.policies
    chosen = {name: known.shortcuts[name] for name in size.shortcuts or known.shortcuts}
    return replace(whole, policies=Policies(known.oracle, known.explorer if size.explorer else None, chosen))
