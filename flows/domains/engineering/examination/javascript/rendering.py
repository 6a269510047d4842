"""Writes values of Python as JavaScript: the decoys of a line-up are made of Python's nodes, in both languages."""

import ast
import json
from collections.abc import Mapping, Sequence

from flows.domains.engineering.examination.decoys import value_of


def rendered(node: ast.expr) -> str:
    """The JavaScript of a value. Raises ValueError for one that JavaScript does not have."""
    return _rendered(value_of(node))


def _rendered(value: object) -> str:
    match value:
        case bool() | None | str():
            return json.dumps(value)
        case int() | float():
            return json.dumps(int(value) if float(value).is_integer() else value)
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(str(key))}: {_rendered(one)}" for key, one in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(map(_rendered, value)) + "]"
    raise ValueError(f"JavaScript has no {type(value).__name__}")
