"""Finds the benchmarks, runs them at one of their two sizes, and checks the figures that each prints.

A benchmark is a module of this package that declares FIGURES (the names of its figures), FULL and SMOKE (its two
sizes) and `figures(size)`. Both sizes run the same code and have to print the declared names, so a smoke run of
seconds proves that a full run of minutes still works.
"""

import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests import benchmarks
from tests.benchmarks.figure import Figure, MissingTool

PREFIX = f"{benchmarks.__name__}."
SIZES = {"full": "FULL", "smoke": "SMOKE"}


class FigureError(RuntimeError):
    """The printed figures are not those that the benchmark declares."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark by its name below this package, such as `rollout.turns`."""

    name: str
    module: Any

    def run(self, size: str) -> Iterator[Figure]:
        """Its figures at a size, as they are measured; raises FigureError at the end if the names are not FIGURES."""
        printed = []
        for figure in self.module.figures(getattr(self.module, SIZES[size])):
            printed.append(figure.figure)
            yield figure
        if sorted(printed) != sorted(self.module.FIGURES):
            raise FigureError(f"{self.name} printed {printed}, but declares {list(self.module.FIGURES)}")


def find(names: Sequence[str] = ()) -> list[Benchmark]:
    """All benchmarks, or those of the given names; a package's name selects every benchmark in it.

    Raises LookupError when a name selects nothing.
    """
    found = {name: [one for one in _modules(name) if hasattr(one.module, "figures")] for name in names or [""]}
    if missing := [name for name, ones in found.items() if not ones]:
        known = ", ".join(one.name for one in find())
        raise LookupError(f"no benchmark named {', '.join(missing)}; there are: {known}")
    return list({one.name: one for ones in found.values() for one in ones}.values())


def run(chosen: Sequence[Benchmark], size: str) -> int:
    """Run the benchmarks and print one line of JSON per figure; returns how many failed.

    A benchmark that fails is reported on stderr, and the others still run. One that lacks a tool is skipped with a
    line on stderr, or fails where its environment variable is set.
    """
    return sum(not _succeeds(one, size) for one in chosen)


def _succeeds(one: Benchmark, size: str) -> bool:
    try:
        for figure in one.run(size):
            print(figure.line(size), flush=True)
            if figure.value is None:
                _report(f"{figure.figure} is not measured: {figure.against}")
    except MissingTool as missing:
        required = os.environ.get(missing.required_by) == "1"
        _report(f"{one.name} {'failed' if required else 'is skipped'}: {missing}")
        return not required
    except Exception:
        _report(f"{one.name} failed:\n{traceback.format_exc()}")
        return False
    return True


def _report(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _modules(name: str) -> Iterator[Benchmark]:
    """The modules that a name selects, imported; the empty name selects all."""
    for found in pkgutil.walk_packages(benchmarks.__path__, PREFIX):
        short = found.name.removeprefix(PREFIX)
        if not found.ispkg and short != "__main__" and f"{short}.".startswith(f"{name}." if name else ""):
            yield Benchmark(short, importlib.import_module(found.name))
