"""The types of a topic: a chain of computed steps over quantities that stand on pages of a library.

Each step is a plain function whose parameters are names of quantities and earlier steps. Its wording and unit, and
those of the quantities, stand in the `topics.toml` of the topic's folder.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

Values = Mapping[str, Any]
"""Name of a quantity or step -> number or text."""
EXPRESSION = "expression in x"
"""Unit of a step whose value is a formula."""


@dataclass(frozen=True)
class Quantity:
    """A quantity of a specimen, drawn between two bounds and shown with a unit."""

    name: str
    text: str
    unit: str = ""
    """Unit in which steps compute; empty for a plain number or text."""
    low: float = 0.0
    high: float = 0.0
    shown: str = ""
    """Unit on the page, if it is another one."""
    factor: float = 1.0
    """Shown number for 1 of the unit."""
    table: bool = False
    """True for a constant of the specimen's material, which stands in the compendium."""
    whole: bool = False
    drawn: bool = True
    """False if the topic draws it itself, such as a sequence."""


@dataclass(frozen=True)
class Step:
    """One computed value of a procedure."""

    name: str
    unit: str
    text: str
    compute: Callable[..., Any]

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Names of the values that it is computed from."""
        return tuple(inspect.signature(self.compute).parameters)


@dataclass(frozen=True)
class Topic:
    """A procedure of one field."""

    name: str
    field: str
    title: str
    material: str
    quantities: Sequence[Quantity]
    steps: Sequence[Step]
    check: Callable[[Values], Values]
    """All steps computed in another way; it may import packages of the extra `science`."""
    draw: Callable[[Random], Mapping[str, Any]] | None = None
    notes: str = ""
    """Further lines of the procedure, such as a table of masses."""

    @property
    def result(self) -> Step:
        """The last step, whose value is the result."""
        return self.steps[-1]

    def solve(self, given: Values) -> dict[str, Any]:
        """All steps of a specimen, in order."""
        values = dict(given)
        for step in self.steps:
            values[step.name] = step.compute(*(values[name] for name in step.needs))
        return {step.name: values[step.name] for step in self.steps}
