"""Reads a table that a user gives, and checks that a problem can be made of it.

Every obstacle is a reason with which the composer refuses the table, so that a night counts it and goes on.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flows.domains.contract import Refused
from flows.domains.ml_engineering.scoring.metrics import METRICS
from flows.domains.ml_engineering.scoring.submission import ID

if TYPE_CHECKING:
    from flows.settings.tasks import GivenTable

SUFFIXES = (".csv", ".parquet")
MIN_ROWS = 300
MAX_COLUMNS = 300
MAX_BYTES = 500 << 20
PLAIN_NAME = re.compile(r"""[^"'\\\n\r`{}$]{1,80}""")


def tables_of(given: "GivenTable") -> Iterator[Path]:
    """The files of a setting: the file itself, or all tables of a folder, by name."""
    if given.path.is_dir():
        yield from sorted(one for one in given.path.iterdir() if one.suffix in SUFFIXES)
    else:
        yield given.path


def read_table(path: Path, given: "GivenTable") -> pl.DataFrame:
    """The rows with a target, times as text and truth values as 0 and 1. Raises Refused."""
    table = _read(path)
    for name in (given.target, given.split):
        if name not in table.columns:
            raise Refused("column_missing")
    if ID in table.columns or not all(map(PLAIN_NAME.fullmatch, table.columns)):
        raise Refused("column_name")
    if table.width > MAX_COLUMNS:
        raise Refused("too_many_columns")
    if any(kind.is_nested() or kind in {pl.Binary, pl.Object} for kind in table.dtypes):
        raise Refused("column_type")
    plain = table.with_columns(
        pl.col(pl.Boolean).cast(pl.Int8), pl.selectors.temporal().cast(pl.String), pl.selectors.decimal().cast(float)
    )
    return _with_target(plain.drop_nulls([given.target, given.split]), given)


def _read(path: Path) -> pl.DataFrame:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Refused("table_too_large")
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema_length=None, try_parse_dates=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise Refused("table_unreadable") from error


def _with_target(table: pl.DataFrame, given: "GivenTable") -> pl.DataFrame:
    """The table with a target that fits the metric. Raises Refused."""
    target = table[given.target]
    if METRICS[given.metric].form == "class":
        return table.with_columns(pl.col(given.target).cast(pl.String))
    if not target.dtype.is_numeric():
        raise Refused("target_not_numeric")
    table = table.filter(pl.col(given.target).is_finite()) if target.dtype.is_float() else table
    if given.metric in {"auc", "log_loss"} and not set(table[given.target].unique().to_list()) <= {0, 1}:
        raise Refused("target_not_binary")
    if table.height < MIN_ROWS:
        raise Refused("too_few_rows")
    return table
