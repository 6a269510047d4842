"""The boundary between the lake's files and its readers: an error that a damaged part causes becomes one that names it.

DuckDB and pyarrow report damage in many ways, and not always with the file. When a reader fails, the file that the
message names is examined, else every part's footer, and for errors that only damage causes, every page. Rows that stand
twice since a part was copied mislead a reader in ways of its own, so copies are looked for last. Nothing is examined
while readers succeed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from json import JSONDecodeError
from pathlib import Path
from types import TracebackType
from typing import Any, TypeGuard

import duckdb
import pyarrow as pa
from pydantic import ValidationError

from schemas import RECORDS, Record
from warehouse import part_checksums
from warehouse.lake import Lake, LakeCompacted, LakeDamaged, LakeError
from warehouse.objects.errors import LakeUnreachable
from warehouse.part_faults import Fault, examine, find_copies

OF_THE_QUERY = (duckdb.ParserException, duckdb.CatalogException, duckdb.InterruptException)
"""Errors that the text of a query or its caller causes, never a file."""
OF_A_FILE = (
    duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, pa.ArrowException,
    ValidationError, JSONDecodeError, UnicodeDecodeError,
)  # fmt: skip
"""Errors of files, and of stored values that do not decode."""
READING = (duckdb.Error, *OF_A_FILE)
NAMED_FILE = re.compile(r"[\"']((?:/|s3://)[^\"']+\.parquet)[\"']")


class LakeConnection:
    """An open DuckDB connection as a context manager; errors that damaged parts cause leave its block as LakeDamaged.

    Outside of a `with` block it has the connection's own methods, with DuckDB's own errors.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self._con, self._lake = con, lake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        return self._con

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._con.close()
        if error:
            _raise_cause(self._lake, error)


@contextmanager
def naming_damage(lake: Lake) -> Iterator[None]:
    """Errors that a damaged part of the lake causes in the block leave it as LakeDamaged."""
    try:
        yield
    except Exception as error:
        _raise_cause(lake, error)
        raise


def _raise_cause(lake: Lake, error: BaseException) -> None:
    """Raise what the lake's files have to do with an error; return if they have nothing to do with it."""
    if unreachable := next((one for one in _chain(error) if isinstance(one, LakeUnreachable)), None):
        raise LakeUnreachable(str(unreachable)) from error
    if gone := _merged_meanwhile(lake, error):
        raise LakeCompacted(
            f"{gone.name} was merged with other parts while it was being read. Nothing is lost: run the same again."
        ) from error
    if fault := find_cause(lake, error):
        raise fault.error() from error


def _merged_meanwhile(lake: Lake, error: BaseException) -> Path | None:
    """A part that a reader had listed and that a compaction replaced: it is gone, and so is its checksum."""
    reading = [one for one in _chain(error) if isinstance(one, (duckdb.IOException, FileNotFoundError))]
    named = [lake.at(name) for one in reading for name in NAMED_FILE.findall(str(one))]
    inside = [path for path in named if path.is_relative_to(lake.root.absolute())]
    return next((path for path in inside if not path.exists() and _is_forgotten(lake, path)), None)


def _is_forgotten(lake: Lake, part: Path) -> bool:
    return not part_checksums.checksum_path(lake.root.absolute(), part).exists() and part.parent.is_dir()


def find_cause(lake: Lake, error: BaseException) -> Fault | None:
    """The damaged part that an error of DuckDB or pyarrow, or one that it caused, comes from; None if there is none."""
    errors = list(_chain(error))
    reading = [one for one in errors if isinstance(one, (*READING, LakeError)) or _is_of_arrow(one)]
    refused = [str(lake.at(one.filename).absolute()) for one in errors if _names_file(one)]
    of_the_query = all(isinstance(one, OF_THE_QUERY) for one in reading) and not refused
    if of_the_query or any(isinstance(one, LakeDamaged) for one in errors):
        return None
    parts = {str(path.absolute()): (model, path) for model, path in _parts(lake)}
    names = [*refused, *(name for one in reading for name in NAMED_FILE.findall(str(one)))]
    named = [parts[name] for name in names if name in parts]
    looks = chain(((part, True) for part in named), ((part, False) for part in parts.values()))
    if any(isinstance(one, OF_A_FILE) or type(one) is duckdb.Error or _is_of_arrow(one) for one in reading):
        looks = chain(looks, ((part, True) for part in parts.values()))
    found = (fault for (model, path), whole in looks if (fault := examine(lake, model, path, whole=whole)))
    return next(chain(found, find_copies(lake, parts.values())), None)


def _parts(lake: Lake) -> Iterator[tuple[type[Record], Path]]:
    """Every file that readers of the lake open, with its record."""
    for model in RECORDS:
        for path in lake.files(model):
            yield model, path


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _names_file(error: BaseException) -> TypeGuard[OSError]:
    """True for a refusal of the system that names a file."""
    return isinstance(error, OSError) and isinstance(error.filename, str)


def _is_of_arrow(error: BaseException) -> bool:
    """True for the OSError without a number that pyarrow raises when it cannot decode a file."""
    return type(error) is OSError and error.errno is None
