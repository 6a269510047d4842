"""How well and how fast refine finds duplicates and decides, each figure against a reference of the same run.

`python -m tests.benchmarks refine` runs all of it; `refine.duplicates` and the like run one module. The lakes are
made once, of the text on this machine, and kept in the user's cache; FACTORY_BENCHMARK_ROWS makes smaller ones.
"""

from collections.abc import Iterator

from tests.benchmarks.figure import Figure


def figures() -> Iterator[Figure]:
    """The figures of every module here."""
    from tests.benchmarks.refine import duplicates, growth, whole

    for module in (duplicates, growth, whole):
        yield from module.figures()
