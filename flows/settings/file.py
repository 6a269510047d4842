"""The settings file that `factory init` writes: every key at its default, commented out, with its description.

The text is generated from the Settings classes, so it is always complete.
"""

from collections.abc import Iterator

import orjson
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flows.settings import Settings

HEAD = """\
# Settings of the horizon factory. Every line is the default; remove the '# ' before a key to change it.
# A variable wins over this file: FACTORY_<SECTION>__<KEY>, for example FACTORY_CRAWL__MAX_PAGES=1000.
"""


def commented_file() -> str:
    """Text of a factory.toml that lists every setting as a comment."""
    fields = Settings.model_fields
    top = [line for name, field in fields.items() if not _section(field) for line in _lines(name, field)]
    sections = [line for name, field in fields.items() if (model := _section(field)) for line in _table(name, model)]
    return "\n".join([HEAD, *top, *sections]) + "\n"


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _table(name: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"\n[{name}]"
    yield f"# {(model.__doc__ or '').strip()}"
    fields = model.model_fields
    for key, field in fields.items():
        if not _section(field):
            yield from _lines(key, field)
    for key, field in fields.items():
        if _section(field):
            yield from (f"\n[{name}.{key}]", f"# {field.description}")


def _lines(key: str, field: FieldInfo) -> Iterator[str]:
    yield f"# {field.description}"
    yield f"# {key} = {_toml(field.default)}"


def _toml(value: object) -> str:
    if value is None:
        return '""  # not set'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    return orjson.dumps(value, default=str).decode()
