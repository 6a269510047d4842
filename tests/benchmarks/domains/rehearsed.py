"""Figures of a domain whose code runs in the sandbox: composing, and how policies fare on the composed tasks.

Probes are left out, since the rehearsal plays the same policies. Lengths are in tokens of Qwen3 (smoke: of a splitter),
without reasoning.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flows.domains import domain
from flows.domains.contract import Domain, Policies
from flows.rollout.rehearsal.rehearse import rehearse
from flows.settings import Settings
from tests.benchmarks.domains.seeded import compose, lengths, qwen3, settings_of, shares
from tests.benchmarks.figure import Figure
from warehouse.console.progress import silent

NAMES = ("tasks_per_min", "oracle", "explorer", "shortcuts", "calls_median", "tokens_mean", "tokens_p90")


class Size(NamedTuple):
    """Number of tasks, the shortcuts that play them (none: all), and the tokenizer, which takes seconds to make."""

    tasks: int
    shortcuts: tuple[str, ...]
    explorer: bool
    qwen3: bool


def rehearsed(
    name: str, prefix: str, size: Size, folder: Path, changed: Callable[[Settings], Settings] = lambda given: given
) -> Iterator[Figure]:
    """The figures `prefix.NAME` of a domain; `changed` adapts the settings of the benchmark."""
    whole, tasks, made = domain(name), f"{size.tasks} tasks", list[float]()

    def timed(settings: Settings, day: date) -> None:
        begun = time.perf_counter()
        composed = compose(settings, day)
        made.append(int(composed["composed"]) / (time.perf_counter() - begun) * 60)

    tokenizer = qwen3(folder) if size.qwen3 else None
    settings = changed(settings_of(whole, folder, size.tasks, probes=[], tokenizer=tokenizer))
    found = {one.engine: one for one in rehearse(settings, _played(whole, size), size.tasks, timed, silent)}
    yield Figure(f"{prefix}.tasks_per_min", round(made[0], 4), "1/min", f"{tasks}, proven in the sandbox")
    for measure, value in shares(found).items():
        yield Figure(f"{prefix}.{measure}", round(value, 4), "share", tasks)
    measured = lengths(found["oracle"], settings.state / "rehearsal" / whole.name / "oracle")
    for measure in ("calls_median", "tokens_mean", "tokens_p90"):
        unit = "calls" if measure.startswith("calls") else "tokens"
        yield Figure(f"{prefix}.{measure}", round(measured[measure], 4), unit, f"{tasks}, by the oracle")


def _played(whole: Domain, size: Size) -> Domain:
    """The domain with the policies of a size."""
    assert whole.policies is not None
    known = whole.policies
    chosen = {name: known.shortcuts[name] for name in size.shortcuts or known.shortcuts}
    return replace(whole, policies=Policies(known.oracle, known.explorer if size.explorer else None, chosen))
