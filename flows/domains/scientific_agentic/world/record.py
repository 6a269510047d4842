"""The record of an attempt, part of its checkpoint: measurements with their cost, and the scripts handed in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One use of the instrument."""

    sample: str
    setting: int
    reading: float


@dataclass
class Record:
    """All uses of the instrument, and the scripts handed in."""

    measured: list[Measurement] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    """SHA-256 of each script handed in; the last one counts."""

    @property
    def cost(self) -> int:
        """Cost of all measurements, a unit for each unit of a setting."""
        return sum(one.setting for one in self.measured)

    def to_dict(self) -> dict[str, object]:
        """The record as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Record":
        """The record of such values."""
        return cls([Measurement(**one) for one in given["measured"]], list(given["scripts"]))
