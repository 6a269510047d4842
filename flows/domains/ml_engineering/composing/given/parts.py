"""Splits a given table by its split column: training before the test in time, or in other groups than it.

A column of numbers or dates with many values is a time; the cut is drawn by the seed. Other columns are groups, of
which the seed draws the test's.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from flows.domains.contract import Refused
from flows.domains.ml_engineering.families.draws import Numbers, stream

MAX_ROWS = 20_000
"""Rows of a task; more are sampled."""
MIN_TEST = 90
MIN_LEVELS = 6
"""Times or groups that a table needs, so that training, public and private rows get some."""
DATE = re.compile(r"\d{4}-\d\d(-\d\d)?([ T].*)?")


@dataclass(frozen=True)
class Parts:
    """Training and test rows, and the time or group of each test row."""

    train: pa.Table
    test: pa.Table
    order: Numbers
    in_time: bool


def split_table(table: pa.Table, column: str, seed: int) -> Parts:
    """The parts by the seed. Raises Refused if the column has too few values."""
    rng = stream("given parts", seed)
    if table.num_rows > MAX_ROWS:
        table = table.take(np.sort(rng.permutation(table.num_rows)[:MAX_ROWS]))
    values, places = np.unique(np.asarray(table[column].to_pylist()), return_inverse=True)
    if len(values) < MIN_LEVELS:
        raise Refused("split_column_has_few_values")
    in_time = _is_time(values)
    if not in_time:
        places = rng.permutation(len(values))[places]
    shares = np.bincount(places).cumsum() / len(places)
    held = places > int((shares <= rng.uniform(0.55, 0.75)).sum()) - 1
    if not MIN_TEST <= held.sum() <= 0.6 * len(places) or len(np.unique(places[held])) < 3:
        raise Refused("split_column_is_uneven")
    at = np.argsort(places, kind="stable")
    train, test = (at[held[at] == one] for one in (False, True))
    return Parts(table.take(train), table.take(test), places[test].astype(float), in_time)


def _is_time(values: np.ndarray[Any, Any]) -> bool:
    if np.issubdtype(values.dtype, np.number):
        return len(values) > 20
    return all(DATE.fullmatch(str(one)) for one in values)
