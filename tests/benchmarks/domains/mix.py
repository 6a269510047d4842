"""Measures how long attempts of the default mix are: the mean of each domain by its oracle, weighted by its share.

Lengths are in tokens of Qwen3 (smoke: of a splitter), without reasoning; search reads Debian's documentation of Python.
Smoke has one domain.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from flows.domains import domains
from flows.domains.contract import Domain, Policies
from flows.environments.sandbox import unavailable
from flows.rollout.rehearsal.rehearse import rehearse
from flows.settings.environments import Environments
from tests.benchmarks.domains.search import python_docs
from tests.benchmarks.domains.seeded import compose, qwen3, settings_of
from tests.benchmarks.figure import Figure, MissingTool
from warehouse.console.progress import silent


class Size(NamedTuple):
    """Tasks of each domain, and the domains (none: those of the mix, with Qwen3's tokenizer)."""

    tasks: int
    domains: tuple[str, ...]


FULL, SMOKE = Size(6, ()), Size(1, ("general_agentic",))
PACKAGE = Environments(packages=["toolz"])
"""One package of engineering, whose tests are measured in seconds."""
FIGURES = ("domains.tokens_mean",)


def figures(size: Size) -> Iterator[Figure]:
    """The weighted mean, with that of each domain beside it; MissingTool on a machine without a sandbox."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    chosen = [one for one in domains().values() if one.name in size.domains or (one.share and not size.domains)]
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = None if size.domains else qwen3(Path(folder))
        means = {one.name: _tokens_mean(one, Path(folder, one.name), size.tasks, tokenizer) for one in chosen}
    total = sum(one.share * means[one.name] for one in chosen) / sum(one.share for one in chosen)
    beside = ", ".join(f"{name} {mean:,.0f}" for name, mean in means.items())
    yield Figure(FIGURES[0], round(total, 1), "tokens", f"{size.tasks} tasks of each domain, by the oracle: {beside}")


def _tokens_mean(domain: Domain, home: Path, n: int, tokenizer: str | None) -> float:
    """The mean length of the oracle's attempts."""
    assert domain.policies is not None
    if domain.reads_pages:
        python_docs(home)
    oracle = replace(domain, policies=Policies(domain.policies.oracle))
    settings = settings_of(domain, home, n, probes=[], tokenizer=tokenizer)
    (found,) = rehearse(settings.model_copy(update={"environments": PACKAGE}), oracle, n, compose, silent)
    return found.tokens_mean
