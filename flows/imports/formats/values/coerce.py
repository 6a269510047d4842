"""Coerces untrusted values to text, lists and words; raises Refused on everything else.

Data sets store the same thing in several ways (a list, its JSON text or its Python literal); this module knows all
of them, so the formats need not.
"""

import ast
import json
import math
import re
from typing import Any

import orjson

from flows.imports.formats.conversation import Refused, Row
from flows.imports.formats.values.parts import content_of

SAMPLE = 80
"""Maximum characters of a value in a refusal's detail."""
LONG = re.compile(r"\d{19}")
"""Integers with so many digits may become floats in orjson; JSON itself sets no limit."""
LITERAL = re.compile(r"\s*[\[{(]")
LONGEST_LITERAL = 1_000_000
"""Maximum characters of a Python literal: its parser takes a hundred times the text in memory."""


def from_json(text: str | bytes) -> Any:
    """Parse JSON, integers exactly; raises Refused on invalid JSON and on lone surrogates."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        broken = "surrogate" in str(error) or "UTF-8" in str(error)
        raise Refused("not_unicode" if broken else "not_json", str(error)) from error
    return _exactly(text) if LONG.search(text if isinstance(text, str) else text.decode()) else found


def _exactly(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as error:
        raise Refused("not_json", str(error)) from error


def parsed_json(value: Any, code: str = "not_json") -> Any:
    """The value, parsed first if it is the text of JSON or of a Python literal; raises Refused with `code`."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return from_json(value)
    except Refused as refusal:
        if refusal.code != "not_json":
            raise
        found = python_literal(value)
        if found is None:
            raise Refused(code, f"{sample(value)}: {refusal.detail}") from refusal
        return found


def python_literal(text: str) -> Any:
    """A list or dictionary that Python's `repr` wrote; None for every other text."""
    if not LITERAL.match(text) or len(text) > LONGEST_LITERAL:
        return None
    try:
        return json.loads(json.dumps(ast.literal_eval(text.strip())))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def listed(value: Any, code: str) -> list[Any]:
    """A list, or its JSON text; None and "" give an empty list."""
    found = parsed_json(value, code)
    if found is None or found == "":
        return []
    if not isinstance(found, list):
        raise Refused(code, sample(found))
    return found


def text(value: Any) -> str:
    """Text, or a list of text parts joined; None gives empty text."""
    return content_of(value).text


def word(value: Any) -> str | None:
    """A short string such as an id or name; None and "" give None, numbers and booleans their JSON text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise Refused("not_text", sample(value))


def truth_of(value: Any) -> str | None:
    """A ground truth: a word, or the JSON text of a list or object; None and empty values give None."""
    if isinstance(value, list | dict):
        return json_text(value) if value else None
    return word(value)


def messages_of(value: Any) -> list[Row]:
    """The messages of a conversation, or their JSON text: at least one, each an object."""
    found = listed(parsed_json(value), "no_messages")
    if not found:
        raise Refused("no_messages")
    for one in found:
        if not isinstance(one, dict):
            raise Refused("bad_message", sample(one))
    return found


def object_of(value: Any) -> Row:
    """An object, or that of its JSON text; every other value gives an empty one."""
    found = parsed_json(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    return found if isinstance(found, dict) else {}


def role_of(message: Row, roles: dict[str, str], key: str = "role") -> str:
    """The lake's role for a format's role name; raises Refused on an unknown role."""
    role = message.get(key)
    if not isinstance(role, str):
        raise Refused("bad_message", f"{key} is {sample(role)}")
    if role not in roles:
        raise Refused("bad_role", role[:SAMPLE])
    return roles[role]


def json_text(value: Any) -> str:
    """The JSON text of a value that a set holds in place of text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def sample(value: Any) -> str:
    """The start of a value's JSON text, for a refusal's detail."""
    return json.dumps(value, default=str)[:SAMPLE]
