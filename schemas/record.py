"""The base of a record: a frozen pydantic model with its Arrow schema and its folder in the lake.

Field types are the aliases below, so that one declaration gives validation in Python, the type on disk and the
column's documentation: each field's description is in the Arrow field metadata. Ids are content hashes: the same
inputs give the same ids on every run and every machine. A run_id names a night: `2026-11-28` the only night of a day,
`2026-11-28T1400` one of several.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Self, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

Name = Annotated[str, pa.string()]
"""A short string: an id, a code, a url."""
Text = Annotated[str, pa.large_string()]
"""A string that can be long: a page, an observation, JSON. Arrow large_string, without the limit of 2 GB per column."""
Count = Annotated[int, pa.int64()]
Real = Annotated[float, pa.float64()]
Flag = Annotated[bool, pa.bool_()]
Time = Annotated[datetime, pa.timestamp("us", tz="UTC")]
Names = Annotated[list[str], pa.list_(pa.string())]
TokenIds = Annotated[list[int], pa.list_(pa.int32())]
Hashes = Annotated[list[int], pa.list_(pa.int64())]
Mask = Annotated[list[bool], pa.list_(pa.bool_())]
Logprobs = Annotated[list[float], pa.list_(pa.float32())]

SCHEMA_VERSION = "2"
"""Version of the records' names and types; renames.py holds the changes since version 1."""
RUN_ID = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?:T(?P<time>(?:[01]\d|2[0-3])[0-5]\d))?")


class Record(BaseModel):
    """One row of a table of the lake."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    record: ClassVar[str]
    """Name of the folder under the lake that holds the record's parts."""


def content_id(*parts: object) -> str:
    """32 hex digits of the SHA-256 over the parts as canonical JSON (sorted keys, UTF-8, no spaces)."""
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def sha256_text(text: str) -> str:
    """The full SHA-256 of a text's UTF-8 bytes, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_file(path: Path) -> str:
    """The full SHA-256 of a file's bytes, 64 hex digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def arrow_schema(model: type[BaseModel]) -> pa.Schema:
    """The Arrow schema of a record; a field is not null unless its type admits None. Raises TypeError."""
    fields = [
        _arrow_field(name, info.annotation, info.metadata, info.description)
        for name, info in model.model_fields.items()
    ]
    return pa.schema(fields, metadata={"horizon_schema_version": SCHEMA_VERSION})


def table(model: type[Record], rows: Iterable[Record]) -> pa.Table:
    """The rows as one Arrow table in the record's schema; raises pa.ArrowInvalid if a value does not fit."""
    return pa.Table.from_pylist([row.model_dump() for row in rows], schema=arrow_schema(model))


def _arrow_field(name: str, annotation: Any, metadata: list[Any], description: str | None) -> pa.Field:
    types = [part for part in metadata if isinstance(part, pa.DataType)]
    nullable = get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)
    arrow_type = types[0] if types else _arrow_type(annotation)
    return pa.field(name, arrow_type, nullable=nullable, metadata={"description": description or ""})


def _arrow_type(annotation: Any) -> pa.DataType:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return next(part for part in arguments if isinstance(part, pa.DataType))
    if origin in (Union, UnionType):
        return _arrow_type(next(part for part in arguments if part is not NoneType))
    if origin is list:
        return pa.list_(_arrow_type(arguments[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return pa.struct(list(arrow_schema(annotation)))
    raise TypeError(f"no Arrow type for {annotation!r}: use an alias of schemas.record")


class Night(date):
    """One of several nights of a day; the only night of a day is a plain date.

    Like a datetime, it is a date whose ISO form has a time too. Two nights of a day are not equal.
    """

    time: str
    """Four digits, hour and minute, in the time zone of the schedule."""

    def __new__(cls, year: int, month: int, day: int, time: str = "") -> Self:
        night = super().__new__(cls, year, month, day)
        night.time = time
        return night

    def isoformat(self) -> str:
        """The run_id, such as `2026-11-28T1400`."""
        return f"{super().isoformat()}T{self.time}" if self.time else super().isoformat()

    __str__ = isoformat

    def __eq__(self, other: object) -> bool:
        return isinstance(other, date) and self.isoformat() == other.isoformat()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: date) -> bool:
        return self.isoformat() < other.isoformat()

    def __le__(self, other: date) -> bool:
        return self.isoformat() <= other.isoformat()

    def __gt__(self, other: date) -> bool:
        return self.isoformat() > other.isoformat()

    def __ge__(self, other: date) -> bool:
        return self.isoformat() >= other.isoformat()

    def __hash__(self) -> int:
        return hash(self.isoformat())

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.year, self.month, self.day, self.time)


def night_of(run_id: str) -> date:
    """The night with this run_id: a plain date, or a Night. Raises ValueError if it is no run_id."""
    match = RUN_ID.fullmatch(run_id)
    if not match:
        raise ValueError(f"{run_id!r} is no night; write YYYY-MM-DD, or YYYY-MM-DDTHHMM for one of several of a day")
    day = date.fromisoformat(match["day"])
    return Night(day.year, day.month, day.day, match["time"]) if match["time"] else day


def day_of(night: date) -> str:
    """The day of a night as YYYY-MM-DD, without its time."""
    return f"{night.year:04}-{night.month:02}-{night.day:02}"
