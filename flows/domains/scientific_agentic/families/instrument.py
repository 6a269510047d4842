"""An instrument whose readings are no values: an offset, a gain, and a saturation that have to be found with standards.

All data of a task comes from one instrument. Equal seeds give equal instruments and equal noise.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
STANDARDS = (0.0, 0.4, 1.0, 2.0, 3.5, 5.0, 7.0, 9.5)
"""True values of the samples `standard-0` to `standard-7`."""
READ_NOISE = 0.05
"""Standard deviation of a reading at setting 1, in units of the gain."""
MAX_SETTING = 100


def stream(*place: object) -> np.random.Generator:
    """A generator of its own for a place, such as (seed, "data")."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(repr(place).encode()).digest()[:16])))


@dataclass(frozen=True)
class Instrument:
    """The response of one instrument: offset + gain x / (1 + x / saturation)."""

    offset: float
    gain: float
    saturation: float

    def response(self, true: Numbers) -> Numbers:
        """Readings without noise; `true` is 0 to 10."""
        return self.offset + self.gain * true / (1 + true / self.saturation)

    def read(self, true: Numbers, rng: np.random.Generator, noise: float) -> Numbers:
        """Readings with noise, whose standard deviation is in units of the gain."""
        return self.response(true) + rng.normal(0, noise * self.gain, np.shape(true))


def instrument(seed: int) -> Instrument:
    """The instrument of a seed."""
    rng = stream(seed, "instrument")
    return Instrument(float(rng.uniform(20, 90)), float(rng.uniform(40, 400)), float(rng.uniform(9, 24)))


def reading(seed: int, standard: int, setting: int, number: int) -> float:
    """The reading of a standard in the measurement of that number; a longer setting has less noise."""
    rng = stream(seed, "measure", standard, setting, number)
    true = np.array(STANDARDS[standard])
    return float(instrument(seed).read(true, rng, READ_NOISE / np.sqrt(setting)))
