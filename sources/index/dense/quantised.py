"""Vectors as whole numbers of 8 bits with one scale each: a quarter of the space, and exact inner products.

Sums of products stay below 2**24, so floating point holds each of them exactly in any order: rankings do not depend on
threads or on the machine.
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
import numpy.typing as npt

MOST_STEPS = 127
EXACT = 2**24
"""Whole numbers below it are exact in single precision."""
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Quantised:
    """Directions of vectors; `codes * scales[:, None]` is nearly each vector divided by its length."""

    codes: npt.NDArray[np.int8]
    """(vectors, dimensions)"""
    scales: npt.NDArray[np.float32]
    """(vectors); 0 for a vector of zeros."""


def quantised(vectors: Numbers) -> Quantised:
    """The directions of vectors of any length."""
    steps = min(MOST_STEPS, isqrt((EXACT - 1) // vectors.shape[1]))
    wide = vectors.astype(np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    unit = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    scales = np.abs(unit).max(axis=1) / steps
    codes = np.rint(np.divide(unit, scales[:, None], out=np.zeros_like(unit), where=scales[:, None] > 0))
    return Quantised(codes.astype(np.int8), scales.astype(np.float32))


def similarities(query: Quantised, codes: npt.NDArray[np.int8], scales: Numbers) -> npt.NDArray[np.float64]:
    """The cosine of the query, one vector, with each of the codes."""
    products = codes.astype(np.float32) @ query.codes[0].astype(np.float32)
    found: npt.NDArray[np.float64] = products.astype(np.float64) * scales.astype(np.float64) * float(query.scales[0])
    return found
