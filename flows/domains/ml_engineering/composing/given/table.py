"""Reads a table that a user gives, and checks that a problem can be made of it.

Every obstacle is a reason with which the composer refuses the table, so that a night counts it and goes on.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

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


def read_table(path: Path, given: "GivenTable") -> pa.Table:
    """The rows with a target, times as text and truth values as 0 and 1. Raises Refused."""
    table = _read(path)
    for name in (given.target, given.split):
        if name not in table.column_names:
            raise Refused("column_missing")
    names = table.column_names
    if ID in names or len(set(names)) < len(names) or not all(map(PLAIN_NAME.fullmatch, names)):
        raise Refused("column_name")
    if table.num_columns > MAX_COLUMNS:
        raise Refused("too_many_columns")
    try:
        plain = table.cast(pa.schema([(field.name, _plain(field.type)) for field in table.schema]))
    except pa.ArrowException as error:
        raise Refused("column_type") from error
    if plain[given.target].null_count or plain[given.split].null_count:
        plain = plain.filter(pc.and_(pc.is_valid(plain[given.target]), pc.is_valid(plain[given.split])))
    return _with_target(plain, given)


def _read(path: Path) -> pa.Table:
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise Refused("table_too_large")
        return pq.read_table(path, partitioning=None) if path.suffix == ".parquet" else _read_csv(path, size)
    except (OSError, pa.ArrowException) as error:
        raise Refused("table_unreadable") from error


def _read_csv(path: Path, size: int) -> pa.Table:
    """The table with times as they are written. All rows are one block, since types come from the first block alone."""

    def read(types: dict[str, pa.DataType]) -> pa.Table:
        return pyarrow.csv.read_csv(
            path,
            pyarrow.csv.ReadOptions(block_size=size + 1),
            pyarrow.csv.ParseOptions(newlines_in_values=True),
            pyarrow.csv.ConvertOptions(null_values=[""], strings_can_be_null=True, column_types=types),
        )

    table = read({})
    times = {field.name: pa.string() for field in table.schema if pa.types.is_temporal(field.type)}
    return read(times) if times else table


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type in which a column is handed over. Raises Refused for a type without a form in a CSV file."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_boolean(kind):
        return pa.int8()
    if pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_decimal(kind):
        return pa.float64()
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if is_text or pa.types.is_null(kind) or _is_number(kind):
        return kind
    raise Refused("column_type")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _with_target(table: pa.Table, given: "GivenTable") -> pa.Table:
    """The table with a target that fits the metric. Raises Refused."""
    kind = table[given.target].type
    if METRICS[given.metric].form == "class":
        place = table.column_names.index(given.target)
        return table.set_column(place, given.target, table[given.target].cast(pa.string()))
    if not _is_number(kind):
        raise Refused("target_not_numeric")
    if pa.types.is_floating(kind) and not pc.all(finite := pc.is_finite(table[given.target])).as_py():
        table = table.filter(finite)
    if given.metric in {"auc", "log_loss"} and not set(table[given.target].unique().to_pylist()) <= {0, 1}:
        raise Refused("target_not_binary")
    if table.num_rows < MIN_ROWS:
        raise Refused("too_few_rows")
    return table
