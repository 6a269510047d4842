"""Seeded draws of a problem's data: numbers, names of columns, and labels with their noise.

Every draw comes from a named stream of a seed, so that one stream can be drawn without another: the labels of the
private rows have a seed of their own, which the world of an attempt never gets.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Theme = dict[str, Any]


def stream(*place: object) -> np.random.Generator:
    """A generator of its own for a place, such as (seed, "labels")."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(repr(place).encode()).digest()[:16])))


class Scripts(NamedTuple):
    """Scripts of a person who knows the law of a problem."""

    solution: str
    """Module with `fit_predict(train, test)` that solves the problem."""
    study: str
    """Program that shows the law in the training data."""


class Draws:
    """Draws for the data of one problem of a family, with the names of its theme."""

    def __init__(self, room: str, family: str, seed: int) -> None:
        self.seed = seed
        self.rng = stream(family, seed)
        self.theme: Theme = self.pick(_themes(room)[family])
        self._room, self._family = room, family

    def __getitem__(self, role: str) -> str:
        """The name that a role has in this problem, such as that of a column."""
        return str(self.theme[role])

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.rng.integers(len(options)))]

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def real(self, low: float, high: float) -> float:
        """A number from low to high."""
        return float(self.rng.uniform(low, high))

    def either(self, low: float, high: float, n: int | None = None) -> Any:
        """Numbers of a size from low to high, each with a sign of its own."""
        return self.rng.uniform(low, high, n) * self.rng.choice([-1.0, 1.0], n)

    def normal(self, n: int, sd: float = 1.0) -> Numbers:
        """Normal draws around 0."""
        return self.rng.normal(0, sd, n)

    def among(self, n_options: int, n: int) -> Places:
        """Places of n options that are drawn with unequal frequencies."""
        return self.rng.choice(n_options, n, p=self.rng.dirichlet(np.full(n_options, 3.0)))

    def words(self, n: int, n_syllables: int = 2) -> list[str]:
        """Different invented words."""
        found = dict[str, None]()
        while len(found) < n:
            syllables = [self.pick("bdfgklmnprstvz") + self.pick("aeiou") for _ in range(n_syllables)]
            found["".join(syllables) + self.pick(["", "l", "n", "r", "x"])] = None
        return list(found)

    def codes(self, n: int, letters: int = 2) -> list[str]:
        """Different short codes of capital letters."""
        found = dict[str, None]()
        while len(found) < n:
            found["".join(self.pick("ABCDEFGHJKLMNPQRSTUVWXZ") for _ in range(letters))] = None
        return list(found)

    def scripts(self, **facts: object) -> Scripts:
        """The family's scripts, with the names of the theme and these facts filled in."""
        texts = (
            files(f"{__package__}.{self._room}").joinpath(folder, f"{self._family}.txt").read_text("utf-8")
            for folder in ("solutions", "studies")
        )
        return Scripts(*(Template(text).substitute({**self.theme, **facts}) for text in texts))


@cache
def _themes(room: str) -> dict[str, list[Theme]]:
    return tomllib.loads(files(f"{__package__}.{room}").joinpath("themes.toml").read_text("utf-8"))
