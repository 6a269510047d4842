"""Finds the benchmarks, runs them at one of their two sizes, and checks the figures that each prints.

A benchmark is a module of this package with a function `figures(size)`, which declares FIGURES (the names of its
figures), FULL and SMOKE (its two sizes). Both sizes run the same code and have to print the declared names, so a smoke
run of seconds proves that a full run of minutes still works.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.benchmarks.figure import Figure, MissingTool

HERE = Path(__file__).parent
SIZES = {"full": "FULL", "smoke": "SMOKE"}


class FigureError(RuntimeError):
    """The printed figures are not those that the benchmark declares."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark by its name below a package, such as `rollout.turns`."""

    name: str
    package: str = "tests.benchmarks"

    @cached_property
    def module(self) -> Any:
        """Its module, which is imported when it is first used: some take seconds."""
        return importlib.import_module(f"{self.package}.{self.name}")

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
    paths = sorted(path for path in HERE.rglob("*.py") if "\ndef figures(" in path.read_text("utf-8"))
    known = [".".join(path.relative_to(HERE).with_suffix("").parts) for path in paths]
    chosen = {name: [one for one in known if f"{one}.".startswith(f"{name}.")] for name in names}
    if unknown := [name for name, ones in chosen.items() if not ones]:
        raise LookupError(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(known)}")
    return [Benchmark(one) for one in (dict.fromkeys(one for ones in chosen.values() for one in ones) or known)]


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
        required = missing.required_by in os.environ
        _report(f"{one.name} {'failed' if required else 'is skipped'}: {missing}")
        return not required
    except Exception:
        _report(f"{one.name} failed:\n{traceback.format_exc()}")
        return False
    return True


def _report(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
