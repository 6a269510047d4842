"""Writes the files of a problem: the tables as CSV, an example of a submission, and the data dictionary."""

import csv
import hashlib
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flows.domains.ml_engineering.families.problem import Column
from flows.domains.ml_engineering.scoring.submission import ID

Files = Mapping[str, bytes]


def csv_file(columns: Mapping[str, Column], ids: Sequence[int] | None = None) -> bytes:
    """A table as CSV, with the ids in front; NaN and None are empty cells."""
    named = ({ID: ids} if ids is not None else {}) | {name: _cells(values) for name, values in columns.items()}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(named)
    writer.writerows(zip(*named.values(), strict=True))
    return text.getvalue().encode()


def _cells(values: Any) -> Iterable[object]:
    plain = values.tolist() if hasattr(values, "tolist") else values
    return [_cell(one) for one in plain]


def _cell(value: object) -> object:
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return int(value) if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"
    return "" if value is None else value


def digest_of(files: Files) -> str:
    """Hash of names and contents, by which a world notices that its files were drawn otherwise than the task's."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{len(files[name])}\0".encode())
        total.update(files[name])
    return total.hexdigest()
