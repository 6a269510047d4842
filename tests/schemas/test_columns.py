"""Every column that the lake or a release stores keeps its place, its type and its nullability."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from schemas import RECORDS, arrow_schema
from schemas.shard import Message, PackedRow, PreferenceRow, ReleaseRow, SegmentColumns

SNAPSHOT = Path(__file__).with_name("columns.txt")
RELEASED: tuple[type[BaseModel], ...] = (ReleaseRow, SegmentColumns, PreferenceRow, PackedRow, Message)


def columns() -> Iterator[str]:
    named = {model.record: model for model in RECORDS} | {model.__name__: model for model in RELEASED}
    for name, model in named.items():
        for field in arrow_schema(model):
            yield f"{name}.{field.name}: {field.type}" + ("" if field.nullable else " not null")


def test_the_columns_are_those_of_the_snapshot() -> None:
    """A change of columns.txt changes every lake and release: it needs a new SCHEMA_VERSION (schemas/record.py)."""
    assert list(columns()) == SNAPSHOT.read_text("utf-8").splitlines()


def test_every_column_has_a_description() -> None:
    """A description is all that a reader of a dataset card or of an Arrow schema learns of a column."""
    models = (*RECORDS, *RELEASED)
    undescribed = [
        f"{model.__name__}.{field.name}"
        for model in models
        for field in arrow_schema(model)
        if not field.metadata[b"description"]
    ]
    assert undescribed == []
