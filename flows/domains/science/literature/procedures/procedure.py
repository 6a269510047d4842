"""The type of a procedure: steps over the numbers of some pages, computed in two ways from a factor and the numbers.

A first way is a plain function whose source also runs in the sandbox, so it imports nothing but `math`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Numbers = Sequence[float]
Compute = Callable[[float, Numbers, Numbers], Mapping[str, float]]
"""(factor, x of each page, y of each page or nothing) -> the value of each step. Raises ValueError if undecided."""


@dataclass(frozen=True)
class Procedure:
    """A way from the numbers of some pages to one ratio."""

    name: str
    steps: Mapping[str, str]
    """Name of each step, in order -> its unit: `x`, `y`, or none. The last step is a ratio without a unit."""
    compute: Compute
    check: Compute
    """The same by other formulas."""
    measure: str | None = None
    """The step with a unit that a study may want, if it ends with this procedure."""
    takes_years: bool = False
    """True for years alone, false for other numbers alone."""
    n_numbers: int = 1
    """Numbers of each page that it takes: x, or x and y."""

    @property
    def result(self) -> str:
        """The name of the last step."""
        return list(self.steps)[-1]
