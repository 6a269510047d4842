"""Reads tool schemas in OpenAI's, Anthropic's and older forms, and infers them from calls where a set has none.

An inferred schema names the arguments that the calls gave, with their JSON types. Its description marks it, so that
nobody takes it for the schema that the agent saw.
"""

import json
from collections.abc import Iterable
from typing import Any

from flows.imports.formats.conversation import Call, Refused, Row
from flows.imports.formats.values.coerce import listed, parsed_json, sample

INFERRED = "Inferred from the calls of this trajectory; the data set gives no schema."
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
PYTHON = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object"}
"""Python's names of types, as xLAM and ToolBench write them."""


def tools_of(value: Any) -> list[Row]:
    """Tool schemas in OpenAI's form, from a list of schemas or bare functions, or its JSON text."""
    return [_tool(parsed_json(one, "bad_tools")) for one in listed(value, "bad_tools")]


def inferred_tools(calls: Iterable[Call]) -> list[Row]:
    """One schema per called tool, in order of the first call; arguments that every call gives are required."""
    by_name: dict[str, list[Row]] = {}
    for call in calls:
        if call.broken is None:
            by_name.setdefault(call.name, []).append(call.arguments)
    return [_inferred(name, given) for name, given in by_name.items()]


def _inferred(name: str, given: list[Row]) -> Row:
    properties: dict[str, Row] = {}
    for key in dict.fromkeys(key for one in given for key in one):
        types = dict.fromkeys(TYPES[type(one[key])] for one in given if key in one and type(one[key]) in TYPES)
        if set(types) == {"integer", "number"}:
            types = {"number": None}
        nullable = any(key in one and one[key] is None for one in given)
        properties[key] = {"type": next(iter(types))} if len(types) == 1 and not nullable else {}
    required = [key for key in properties if all(key in one for one in given)]
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": INFERRED, "parameters": parameters}}


def _tool(tool: Any) -> Row:
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    function = parsed_json(function, "bad_tools")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        raise Refused("bad_tools", sample(tool))
    if "input_schema" in function and "parameters" not in function:
        function = {
            ("parameters" if key == "input_schema" else key): value
            for key, value in function.items()
            if key not in ("type", "cache_control")
        }
    elif function is tool and function.get("type") == "function":
        function = {key: value for key, value in function.items() if key != "type"}
    return {"type": "function", "function": function}


def with_json_types(function: Row) -> Row:
    """A function whose `parameters` is a bare map of arguments with Python's types, as a JSON Schema.

    An argument without a default whose type does not say `optional` is required.
    """
    given = function.get("parameters")
    given = parsed_json(given, "bad_tools") if isinstance(given, str) else given
    if not isinstance(given, dict) or given.get("type") == "object" or "properties" in given:
        return function
    properties, required = {}, []
    for name, one in given.items():
        kind = str(one.get("type", "")) if isinstance(one, dict) else ""
        base = kind.partition(",")[0].partition("[")[0].strip().lower()
        schema = {key: value for key, value in one.items() if key != "type"} if isinstance(one, dict) else {}
        known = PYTHON.get(base, base if base in PYTHON.values() else None)
        properties[name] = ({"type": known} if known else {}) | schema
        if "optional" not in kind and "default" not in schema:
            required.append(name)
    return function | {"parameters": {"type": "object", "properties": properties, "required": required}}


def coerced(value: str, schema: Any) -> Any:
    """The text of an XML parameter as the type that its schema declares; the text itself if it does not fit."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind not in ("integer", "number", "boolean", "array", "object"):
        return value
    try:
        found = json.loads(value.strip().lower() if kind == "boolean" else value)
    except (ValueError, RecursionError):
        return value
    fits = TYPES.get(type(found)) == kind or (kind == "number" and type(found) is int)
    return found if fits else value
