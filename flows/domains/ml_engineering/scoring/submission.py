"""Reads a submission: a table that hostile code may have written, checked against the rows that are wanted.

Everything that is wrong with it is a reason code with a sentence for the model; nothing here raises on its content.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.domains.ml_engineering.scoring.metrics import METRICS, Values, predictions

ID = "row_id"
MAX_BYTES = 8 << 20
SHOWN = 3
"""Examples that a message names."""


@dataclass(frozen=True)
class Wanted:
    """The rows and the form of a submission."""

    ids: Sequence[int]
    """Ids of the test rows, in the order of their labels."""
    target: str
    metric: str
    classes: tuple[str, ...] = ()
    """Labels that the training table has, of metrics over classes."""


@dataclass(frozen=True)
class Fault:
    """Why a submission cannot be scored."""

    reason: str
    """too_large, not_text, wrong_columns, wrong_ids, duplicate_ids, missing_rows, not_a_number, out_of_range or
    unknown_class."""
    message: str


def read_submission(data: bytes, wanted: Wanted) -> Values | Fault:
    """The predictions in the order of the wanted ids, or the first fault."""
    if len(data) > MAX_BYTES:
        return Fault("too_large", f"The file has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return Fault("not_text", f"The file is no CSV in UTF-8: {error}.")
    header = [one.strip() for one in rows[0]] if rows else []
    if sorted(header) != sorted((ID, wanted.target)):
        return Fault("wrong_columns", f"The columns must be {ID} and {wanted.target}; the file has {_some(header)}.")
    filled = [row for row in rows[1:] if row]
    if uneven := next((row for row in filled if len(row) != 2), None):
        return Fault("wrong_columns", f"A row has {len(uneven)} cells instead of 2: {_some(uneven)}.")
    at = header.index(ID)
    return _predicted([(row[at].strip(), row[1 - at].strip()) for row in filled], wanted)


def _predicted(pairs: Sequence[tuple[str, str]], wanted: Wanted) -> Values | Fault:
    found = dict(pairs)
    asked = {str(one): None for one in wanted.ids}
    if odd := [one for one in found if one not in asked]:
        return Fault("wrong_ids", f"{len(odd)} ids are not in test.csv, such as {_some(odd)}.")
    if len(found) < len(pairs):
        return Fault("duplicate_ids", f"{len(pairs) - len(found)} rows repeat an id.")
    if missing := [one for one in asked if one not in found]:
        return Fault("missing_rows", f"{len(missing)} rows of test.csv are missing, such as {ID} {_some(missing)}.")
    return _values([found[one] for one in asked], wanted)


def _values(cells: Sequence[str], wanted: Wanted) -> Values | Fault:
    form = METRICS[wanted.metric].form
    if form == "class":
        if odd := [one for one in cells if one not in wanted.classes]:
            return Fault("unknown_class", f"{len(odd)} predictions are no class of train.csv, such as {_some(odd)}.")
        return predictions(cells)
    numbers = [_number(one) for one in cells]
    if odd := [one for one, number in zip(cells, numbers, strict=True) if number is None]:
        return Fault("not_a_number", f"{len(odd)} predictions are no finite numbers, such as {_some(odd)}.")
    known = [one for one in numbers if one is not None]
    if form == "probability" and not all(0 <= one <= 1 for one in known):
        return Fault("out_of_range", "Some predictions lie outside of 0 to 1; the metric wants probabilities.")
    return predictions(known)


def _number(cell: str) -> float | None:
    """The number in a cell; None for anything else, for NaN and for values of 1e100 and more."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e100 and "_" not in cell else None


def _some(values: Sequence[str]) -> str:
    return ", ".join(repr(one[:40]) for one in values[:SHOWN]) or "nothing"


def scores(values: Values, labels: Sequence[float] | Sequence[str], metric: str, queries: Values | None) -> float:
    """The metric of predictions, rounded to 6 digits."""
    return float(f"{METRICS[metric].score(predictions(labels), values, queries):.6g}")


def of_rows(values: Values, places: Mapping[int, int], ids: Sequence[int]) -> Values:
    """The predictions of some ids; `places` maps an id to its place."""
    return values[[places[one] for one in ids]]
