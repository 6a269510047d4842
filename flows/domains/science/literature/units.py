"""Units that pages write behind their numbers, and the other unit in which a study wants its answer."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flows.domains.units import converted, unit_after


@dataclass(frozen=True)
class Conversion:
    """From the unit of pages to the wanted one."""

    spelling: str
    wanted: str
    shown: str
    factor: float

    def by_pint(self, value: float) -> float:
        """The value in the wanted unit. Raises LookupError if pint cannot convert it."""
        unit = unit_after(self.spelling, 0)
        found = converted(value, unit, self.wanted) if unit else None
        if found is None:
            raise LookupError(f"pint cannot convert {self.spelling!r} into {self.wanted!r}")
        return found


@cache
def conversions() -> dict[str, Conversion]:
    """By the unit as pages write it."""
    table = tomllib.loads(files(__package__).joinpath("units.toml").read_text("utf-8"))
    return {name: Conversion(**given) for name, given in table.items()}
