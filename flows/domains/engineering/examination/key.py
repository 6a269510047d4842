"""The key of an examination: for each point of the rewritten tests, the bits that right code leaves there.

The key never enters the sandbox. Points of tests that the tested code never reaches are missing from the report, so the
key also names the points that a passed test must have reached.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Key:
    """Bits by point, and the points that each test must reach; filled while tests are rewritten."""

    dice: random.Random
    right: dict[str, str] = field(default_factory=dict)
    """Bits by point; `point:lineup` where the options depend on data of the test."""
    lineups: dict[str, str] = field(default_factory=dict)
    """Bits by line-up: the place of the expected value."""
    must: dict[str, list[str]] = field(default_factory=dict)
    """Points by test, as `path::Class::name` without parameters."""

    def name(self) -> str:
        """A new random name."""
        return f"{self.dice.getrandbits(48):012x}"

    def point(self, bits: str) -> str:
        """A new point with its right bits; none where a line-up has them."""
        name = self.name()
        self.right[name] = bits
        return name

    def lineup(self, n_options: int, place: int) -> str:
        """A new line-up of that many options, with the expected one at a place."""
        name = self.name()
        self.lineups[name] = "".join("1" if at == place else "0" for at in range(n_options))
        return name

    def holds(self, test: str, seen: Mapping[str, Sequence[str]]) -> bool:
        """True if every point that a passed test recorded is right, and none that it must reach is missing.

        Rows of a test, `name[row]`, must reach the points of the test.
        """
        right = all(list(bits) == [self._right(point)] for point, bits in seen.items())
        reached = {point.split(":")[0] for point in seen}
        return right and reached.issuperset(self.must.get(test, self.must.get(test.partition("[")[0], ())))

    def secret(self, seen: Mapping[str, Sequence[str]]) -> int:
        """The number of recorded points whose bits cannot be guessed from the test."""
        return sum(":" in point for point in seen)

    def _right(self, point: str) -> str | None:
        place, _, lineup = point.partition(":")
        if place not in self.right:
            return None
        return self.lineups.get(lineup) if lineup else self.right[place]
