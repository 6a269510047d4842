"""Whether the rollout keeps its teacher full, and what that costs: each figure against a reference of the same run.

`python -m tests.benchmarks rollout` runs all of it; `rollout.cost` and the like run one module. What needs a real
vLLM looks for the teacher's environment (`factory teacher install --cpu`) where the settings say it is.
"""

from collections.abc import Iterator

from tests.benchmarks.figure import Figure


def figures() -> Iterator[Figure]:
    """The figures of every module here, the quick ones first."""
    from tests.benchmarks.rollout import cache, cost, fullness, tail, turns

    for module in (turns, tail, cost, fullness, cache):
        yield from module.figures()
