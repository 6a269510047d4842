"""The types of a family: data with planted values, and the results that a script must find in it."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.domains.scientific_agentic.families.instrument import Instrument, Numbers


@dataclass(frozen=True)
class Made:
    """One set of data."""

    files: Mapping[str, bytes]
    truth: Mapping[str, float]
    """Key of a result -> the planted value."""


@dataclass(frozen=True)
class Result:
    """One number that a script reports."""

    key: str
    text: str
    relative: float
    """Share by which it may differ."""
    absolute: float = 0.0


@dataclass(frozen=True)
class Family:
    """Data of one kind."""

    name: str
    field: str
    story: str
    files: str
    """Description of the files, as the agent reads it."""
    results: Sequence[Result]
    make: Callable[[np.random.Generator, Instrument], Made]


def array_file(values: Numbers) -> bytes:
    """An array as a file of numpy, in single precision."""
    written = io.BytesIO()
    np.save(written, np.asarray(values, dtype=np.float32))
    return written.getvalue()


def table_file(columns: Mapping[str, Any]) -> bytes:
    """Columns as CSV."""
    rows = zip(*(np.asarray(one).tolist() for one in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(_cell(one) for one in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _cell(value: object) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def spoiled(readings: Numbers, rng: np.random.Generator, share: float, scale: float) -> Numbers:
    """The readings with a share of them far too high."""
    hit = rng.random(readings.shape) < share
    return np.where(hit, readings + rng.uniform(0.5, 2.0, readings.shape) * scale, readings)
