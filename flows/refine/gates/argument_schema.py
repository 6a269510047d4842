"""Validates the arguments of tool calls against the tools' JSON Schemas, with the whole of the standard.

Schemas come from untrusted sources: references to other documents are never fetched, and patterns run on an engine
whose time is linear in the text. A schema that is invalid, or refers to something missing, refuses nothing.
"""

from functools import lru_cache
from typing import Any, NoReturn

import orjson
import pyarrow as pa
from jsonschema_rs import RegexOptions, ValidationErrorKind, Validator, validator_for

MISSING, UNFIT = "argument_missing", "argument_unfit"
PLAIN = {"type", "required", "additionalProperties"}
"""Keywords that still count in an invalid schema, together with those of its properties that are valid."""


def argument_faults(schemas: pa.Array, arguments: pa.Array) -> pa.Array:
    """For each (schema, arguments), as JSON: MISSING if a required argument is absent, UNFIT if invalid, null if valid.

    Both arrays have the same length; the result has it, too.
    """
    coded = schemas.dictionary_encode()
    validators = [_validator(text) for text in coded.dictionary.to_pylist()]
    pairs = zip(coded.indices.to_pylist(), arguments.to_pylist(), strict=True)
    faults = (None if place is None else _fault(validators[place], text) for place, text in pairs)
    return pa.array(faults, pa.string())


@lru_cache(10_000)
def _validator(schema: str) -> Validator | None:
    """A validator for the schema or, if that is invalid, for its valid properties; None if it has none."""
    try:
        whole = orjson.loads(schema)
    except ValueError:
        return None
    if validator := _compiled(whole):
        return validator
    if not isinstance(whole, dict) or not isinstance(properties := whole.get("properties"), dict):
        return None
    named = {key: whole[key] for key in ("$schema", "$defs", "definitions") if key in whole}
    valid = {
        name: one if isinstance(one, dict) and _compiled({**named, **one}) else {} for name, one in properties.items()
    }
    plain = {key: whole[key] for key in PLAIN & whole.keys() if _compiled({**named, key: whole[key]})}
    return _compiled({**named, **plain, "properties": valid})


def _compiled(schema: Any) -> Validator | None:
    try:
        return validator_for(schema, retriever=_refuse, pattern_options=RegexOptions())
    except ValueError:
        return None


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is not in the schema")


def _fault(validator: Validator | None, text: str | None) -> str | None:
    try:
        arguments = orjson.loads(text or "null")
    except ValueError:  # JSON nested too deep, or with lone surrogates, which no tool can read
        return UNFIT
    if text is None or validator is None or validator.is_valid(arguments):
        return None
    missing = any(isinstance(error.kind, ValidationErrorKind.Required) for error in validator.iter_errors(arguments))
    return MISSING if missing else UNFIT
