"""Do a call's arguments fit the JSON Schema of its tool: the whole of the schema, by a library that knows all of it.

Schemas come from whoever made the tools: what they refer to elsewhere is never fetched, and their patterns run on an
engine whose time grows with the text alone. What is no schema, or leans on what is not there, refuses nothing.
"""

from functools import lru_cache
from typing import Any, NoReturn

import orjson
import pyarrow as pa
from jsonschema_rs import RegexOptions, ValidationErrorKind, Validator, validator_for

MISSING, UNFIT = "argument_missing", "argument_unfit"
PLAIN = {"type", "required", "additionalProperties"}
"""What counts of a schema that is not sound as a whole, beside its sound properties."""


def misfits(schemas: pa.Array, arguments: pa.Array) -> pa.Array:
    """For each pair of JSON texts: MISSING where what must be given is not, UNFIT, or null where they fit."""
    coded = schemas.dictionary_encode()
    validators = [_validator(text) for text in coded.dictionary.to_pylist()]
    pairs = zip(coded.indices.to_pylist(), arguments.to_pylist(), strict=True)
    found = (None if place is None else _misfit(validators[place], text) for place, text in pairs)
    return pa.array(found, pa.string())


@lru_cache(10_000)
def _validator(schema: str) -> Validator | None:
    """For the schema; where it is none, for those of its properties that are some."""
    try:
        whole = orjson.loads(schema)
    except ValueError:
        return None
    if found := _compiled(whole):
        return found
    if not isinstance(whole, dict) or not isinstance(properties := whole.get("properties"), dict):
        return None
    named = {key: whole[key] for key in ("$schema", "$defs", "definitions") if key in whole}
    sound = {
        name: one if isinstance(one, dict) and _compiled({**named, **one}) else {} for name, one in properties.items()
    }
    plain = {key: whole[key] for key in PLAIN & whole.keys() if _compiled({**named, key: whole[key]})}
    return _compiled({**named, **plain, "properties": sound})


def _compiled(schema: Any) -> Validator | None:
    try:
        return validator_for(schema, retriever=_refuse, pattern_options=RegexOptions())
    except ValueError:
        return None


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is not in the schema")


def _misfit(validator: Validator | None, text: str | None) -> str | None:
    try:
        arguments = orjson.loads(text or "null")
    except ValueError:  # JSON of a depth, or with lone surrogates, that no tool reads
        return UNFIT
    if text is None or validator is None or validator.is_valid(arguments):
        return None
    missing = any(isinstance(error.kind, ValidationErrorKind.Required) for error in validator.iter_errors(arguments))
    return MISSING if missing else UNFIT
