"""The data of one problem: files that the agent sees, and the law from which the labels of its test rows come.

A law is the expected label of each row and its noise. Labels of the public and the private rows are drawn from it by
different seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flows.domains.ml_engineering.families.draws import Numbers, Places, Scripts, Theme

Column = Sequence[Any] | np.ndarray[Any, Any]
Table = dict[str, Column]
"""Column -> values; None and NaN are written as empty cells."""
Labels = list[float] | list[str]


@dataclass(frozen=True)
class Law:
    """Labels in expectation: of real targets the mean, of two classes the chance of 1, of more the chance of each."""

    expected: Numbers
    """Shape (rows,), or (rows, classes) with `classes`."""
    noise: float | Numbers = 0.0
    """Standard deviation of real targets, one for all rows or one of each row; unused by classes."""
    classes: tuple[str, ...] = ()
    binary: bool = False
    queries: Places | None = None
    """Query of each row: labels are then grades 0 to 3 by the noisy value's place among the rows of its query."""

    def rows(self, chosen: Any) -> "Law":
        """The law of some rows."""
        noise = self.noise if isinstance(self.noise, float) else self.noise[chosen]
        queries = None if self.queries is None else self.queries[chosen]
        return Law(self.expected[chosen], noise, self.classes, self.binary, queries)

    def sample(self, rng: np.random.Generator) -> Labels:
        """One label of each row."""
        n = len(self.expected)
        if self.classes:
            bounds = self.expected.cumsum(axis=1) / self.expected.sum(axis=1, keepdims=True)
            places = (rng.random((n, 1)) > bounds).sum(axis=1).clip(0, len(self.classes) - 1)
            return [self.classes[place] for place in places]
        if self.binary:
            return [float(one) for one in rng.random(n) < self.expected]
        values = self.expected + rng.normal(0, 1, n) * self.noise
        if self.queries is not None:
            return _grades(self.queries, values)
        return [float(f"{one:.5g}") for one in values]


@dataclass(frozen=True)
class Drawn:
    """One problem as its family draws it."""

    train: Table
    """Columns of the training table, the target among them."""
    test: Table
    law: Law
    """Of the test rows."""
    order: Sequence[Any] | Places | Numbers
    """Time or group of each test row; the public third is the first by it, and no value is in both parts."""
    metrics: tuple[str, ...]
    """Metrics that fit, of which the seed chooses one."""
    scripts: Scripts
    theme: Theme
    """Names, story and meanings of the columns."""
    split: str
    """Column by which the test is apart from the training data: a time or a group."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Further files by name, such as a second table."""


def logistic(values: Numbers) -> Numbers:
    """The chance that belongs to log-odds."""
    return 1 / (1 + np.exp(-values))


def _grades(queries: Places, values: Numbers) -> list[float]:
    """Grade 3 for the best two rows of a query, 2 for the next three, 1 for the next four, else 0."""
    grades = np.zeros(len(queries))
    for one in np.unique(queries):
        mine = np.flatnonzero(queries == one)
        best = mine[np.argsort(-values[mine], kind="stable")]
        grades[best[:2]], grades[best[2:5]], grades[best[5:9]] = 3, 2, 1
    return [float(one) for one in grades]
