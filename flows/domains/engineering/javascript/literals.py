"""Values that are written out in JavaScript, as nodes of Python with the same meaning.

The decoys of a line-up are made of Python's nodes, so that both languages share their rules.
"""

import ast
import re
from itertools import pairwise

from tree_sitter import Node

from flows.domains.engineering.javascript.syntax import Source, part

SINGLE = {"true": True, "false": False, "null": None}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
MAX_SAFE = 2**53


def literal(source: Source, node: Node) -> ast.expr | None:
    """The value of a literal, or of an array or object of literals; None for everything else."""
    try:
        return ast.parse(repr(_value(source, node)), mode="eval").body
    except (ValueError, SyntaxError):
        return None


def text_of(source: Source, node: Node) -> str | None:
    """The value of a string, or of a template without substitutions; None for everything else."""
    if node.type not in {"string", "template_string"}:
        return None
    try:
        return _string(source, node)
    except ValueError:
        return None


def _value(source: Source, node: Node) -> object:  # noqa: PLR0911 -- one per kind of node
    match node.type:
        case "true" | "false" | "null":
            return SINGLE[node.type]
        case "number":
            return _number(source.text(node))
        case "string" | "template_string":
            return _string(source, node)
        case "unary_expression" if source.text(part(node, "operator")) == "-":
            value = _value(source, part(node, "argument"))
            if isinstance(value, int | float) and not isinstance(value, bool) and value:
                return -value
        case "array" if "," not in _outer(source, node):
            return [_value(source, one) for one in node.named_children if one.type != "comment"]
        case "object":
            return dict(_pair(source, one) for one in node.named_children if one.type != "comment")
        case "parenthesized_expression":
            return _value(source, node.named_children[0])
    raise ValueError(f"no literal: {node.type}")


def _outer(source: Source, node: Node) -> str:
    """A comma if the array has holes, which are no values."""
    kinds = [one.type for one in node.children if one.type != "comment"]
    return "," if any(a in "[," and b == "," for a, b in pairwise(kinds)) else ""


def _number(text: str) -> int | float:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"a number of another form: {text}")
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < MAX_SAFE else value


def _string(source: Source, node: Node) -> str:
    parts = []
    for one in node.named_children:
        if one.type == "template_substitution":
            raise ValueError("a template with substitutions")
        text = source.text(one)
        parts.append(_unescaped(text[1:]) if one.type == "escape_sequence" else text)
    return "".join(parts)


def _unescaped(text: str) -> str:
    if text[:1] in "ux" and len(text) > 2:
        return chr(int(text.strip("ux{}"), 16))
    return "" if text in {"\n", "\r\n"} else ESCAPES.get(text, text)


def _pair(source: Source, node: Node) -> tuple[object, object]:
    if node.type != "pair":
        raise ValueError(f"no pair: {node.type}")
    key = part(node, "key")
    name: object = source.text(key)
    if key.type in {"string", "number"}:
        name = _value(source, key)
    elif key.type != "property_identifier":
        raise ValueError(f"a computed name: {key.type}")
    if name == "__proto__":
        raise ValueError("a prototype is no value")
    return str(name), _value(source, part(node, "value"))
