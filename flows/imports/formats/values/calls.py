"""Reads tool calls and their arguments: OpenAI's, Anthropic's, bare ones, and those written as Python.

Arguments that are no JSON object are kept as text on the call: whether the row is refused depends on the result,
since a call that its tool refused teaches recovery.
"""

import ast
import json
from typing import Any

from flows.imports.formats.conversation import Call, Refused, Row
from flows.imports.formats.values.coerce import parsed_json, sample, word

ARGUMENTS = ("arguments", "input", "parameters", "args", "kwargs")
NAMES = ("name", "function_name", "tool_name", "recipient_name")


def call_of(value: Any) -> Call:
    """A tool call, as {id, function: {name, arguments}} or {id, name, arguments | input | parameters}, or as text."""
    call = parsed_json(value, "bad_call")
    if not isinstance(call, dict):
        raise Refused("bad_call", sample(call))
    function = call.get("function")
    if isinstance(function, str) and not function.lstrip().startswith("{"):
        inner = {"name": function, **{key: call[key] for key in ARGUMENTS if key in call}}
    else:
        found = parsed_json(function, "bad_call")
        inner = found if isinstance(found, dict) else call
    name = next((inner[key] for key in NAMES if inner.get(key)), None)
    if not isinstance(name, str):
        raise Refused("bad_call", sample(call))
    given = next((inner[key] for key in ARGUMENTS if inner.get(key) is not None), None)
    return with_arguments(name, given, word(call.get("id") or call.get("tool_call_id") or call.get("call_id")))


def with_arguments(name: str, value: Any, id: str | None = None) -> Call:
    """A call whose arguments are an object, its JSON text, or the JSON text of that; else a broken call."""
    arguments = value
    try:
        for _ in range(2):
            arguments = parsed_json(arguments, "bad_arguments")
    except Refused as refusal:
        if refusal.code != "bad_arguments":
            raise
        return Call(name, {}, id, str(value))
    if arguments is None or arguments == "":
        return Call(name, {}, id)
    if not isinstance(arguments, dict):
        return Call(name, {}, id, value if isinstance(value, str) else json.dumps(value, default=str))
    return Call(name, arguments, id)


def arguments_of(value: Any) -> Row:
    """A call's arguments: an object or its JSON text; None and "" give no arguments."""
    call = with_arguments("-", value)
    if call.broken is not None:
        raise Refused("bad_arguments", sample(call.broken))
    return call.arguments


def python_calls(text: str) -> list[Call]:
    """Calls in Python's syntax, `f(a=1)`, one per line or in a list; raises Refused on anything else."""
    try:
        body = ast.parse(text.strip()).body
        expressions = [one.value for one in body if isinstance(one, ast.Expr)]
        flat = [one for top in expressions for one in (top.elts if isinstance(top, ast.List | ast.Tuple) else [top])]
        if len(expressions) != len(body) or not flat:
            raise Refused("bad_call", text[:80])
        return [_python_call(one) for one in flat]
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise Refused("bad_call", text[:80]) from error


def _python_call(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call) or any(key.arg is None for key in node.keywords):
        raise Refused("bad_call", ast.unparse(node)[:80])
    positional = {f"arg_{place}": _literal(one) for place, one in enumerate(node.args)}
    return Call(ast.unparse(node.func), positional | {str(key.arg): _literal(key.value) for key in node.keywords})


def _literal(node: ast.expr) -> Any:
    """The value of a literal; the source text of any other expression. `true`, `false` and `null` are JSON's."""
    if isinstance(node, ast.Name) and node.id in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[node.id]
    try:
        return json.loads(json.dumps(ast.literal_eval(node)))
    except (ValueError, TypeError):
        return ast.unparse(node)
