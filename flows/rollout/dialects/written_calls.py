"""Reads tool calls in the tagged formats exactly as chat templates write them, so that no argument is cut or changed.

The parsers of `renderers` end a value at the first closing tag, strip blanks, and take JSON only, while a template
writes any text, and some write Python's `True` or `None`. Here a value ends where the format goes on behind its closing
tag. A text that is not wholly in the format is left to the renderer's own parser.
"""

import ast
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

Schemas = Mapping[str, Mapping[str, Any]]
"""Tool name -> JSON schema of its arguments."""
PYTHON_WORDS = {"True": True, "False": False, "None": None}
JSON_TYPES: dict[type, set[str]] = {
    bool: {"boolean"}, int: {"integer", "number"}, float: {"number", "integer"}, str: {"string"}, list: {"array"},
    dict: {"object"}, type(None): {"null"},
}  # fmt: skip


@dataclass(frozen=True)
class WrittenCall:
    """A call as it was written, in the form of a call of `renderers`; `invalid_json` if a value cannot be read."""

    name: str
    arguments: Any
    status: str = "ok"
    id: str | None = None


@dataclass(frozen=True)
class Syntax:
    """One tagged format: what opens a call and an argument, and what ends a value and a call."""

    call: re.Pattern[str]
    argument: re.Pattern[str]
    value_end: re.Pattern[str]
    call_end: re.Pattern[str]


def _syntax(call: str, argument: str, value_end: str, call_end: str) -> Syntax:
    return Syntax(*(re.compile(pattern) for pattern in (call, argument, value_end, call_end)))


DSML = "\uff5cDSML\uff5c"
"""The marker in the tags of DeepSeek-V4."""
TAG = r"(?::\w+)?"
"""The suffix of the tags of hy3."""
SYNTAXES = (
    _syntax(
        r"<tool_call>\s*<function=(?P<name>[^>\n]+)>\s*",
        r"<parameter=(?P<key>[^>\n]+)>\n?",
        r"\n?</parameter>",
        r"</function>\s*</tool_call>\s*",
    ),
    _syntax(
        r'(?:<minimax:tool_call>\s*)?<invoke name="(?P<name>[^"\n]+)">\s*',
        r'<parameter name="(?P<key>[^"\n]+)">',
        r"</parameter>",
        r"</invoke>\s*(?:</minimax:tool_call>\s*)?",
    ),
    _syntax(
        rf"<tool_call{TAG}>\s*(?P<name>[^<>\s]+)\s*(?:<tool_sep{TAG}>\s*)?(?=<arg_key|</tool_call)",
        rf"<arg_key{TAG}>(?P<key>[^<\n]+)</arg_key{TAG}>\s*<arg_value{TAG}>",
        rf"</arg_value{TAG}>",
        rf"</tool_call{TAG}>\s*(?:</tool_calls{TAG}>\s*)?",
    ),
    _syntax(
        rf'<{DSML}invoke name="(?P<name>[^"\n]+)">\s*',
        rf'<{DSML}parameter name="(?P<key>[^"\n]+)" string="(?P<text>true|false)">',
        rf"</{DSML}parameter>",
        rf"</{DSML}invoke>\s*(?:</{DSML}tool_?calls>\s*)?",
    ),
)
"""The formats of Qwen3.5 and Nemotron, of MiniMax, of GLM, Laguna and Hy3, and of DeepSeek-V4."""

Reader = Callable[[str, Schemas], list[WrittenCall] | None]
"""The calls that a text starts with, to its end or to text without a call; None if the text leaves the format."""
JSON_CALL, JSON_CALL_END = re.compile(r"\s*<tool_call>\s*"), re.compile(r"\s*</tool_call>")


def reader_of(text: str, call: WrittenCall) -> Reader | None:
    """The reader of the format in which `text` writes `call` and no other; None if the format is not among ours."""
    return next((read for read in _readers() if read(text, {}) == [call]), None)


def _readers() -> list[Reader]:
    tagged: list[Reader] = [partial(_tagged_calls, syntax) for syntax in SYNTAXES]
    return [*tagged, _json_calls]


def _tagged_calls(syntax: Syntax, text: str, schemas: Schemas) -> list[WrittenCall] | None:
    calls: list[WrittenCall] = []
    at = 0
    while opened := syntax.call.match(text, at):
        read = _arguments(syntax, text, opened.end(), schemas.get(opened["name"], {}))
        if read is None:
            return None
        arguments, at = read
        calls.append(WrittenCall(opened["name"], arguments, "ok" if arguments is not None else "invalid_json"))
    return calls if not syntax.value_end.search(text, at) else None


def _arguments(
    syntax: Syntax, text: str, at: int, schema: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, int] | None:
    """The arguments of one call and where it ends; None if the text leaves the format."""
    known = schema.get("properties")
    properties: Mapping[str, Any] = known if isinstance(known, dict) else {}
    arguments: dict[str, Any] = {}
    readable = True
    while opened := syntax.argument.match(text, at):
        end = next((one for one in syntax.value_end.finditer(text, opened.end()) if _goes_on(syntax, text, one)), None)
        if end is None:
            return None
        key, written, at = opened["key"].strip(), text[opened.end() : end.start()], _skip_blanks(text, end.end())
        is_text = opened.groupdict().get("text") == "true"
        try:
            arguments[key] = written if is_text else typed(written, properties.get(key))
        except ValueError:
            readable = False
    closed = syntax.call_end.match(text, at)
    return (arguments if readable else None, closed.end()) if closed else None


def _goes_on(syntax: Syntax, text: str, closing: re.Match[str]) -> bool:
    """True if an argument follows a closing tag, or the call's end with a call or no further closing tag after it."""
    at = _skip_blanks(text, closing.end())
    if syntax.argument.match(text, at):
        return True
    ended = syntax.call_end.match(text, at)
    return bool(ended and (syntax.call.match(text, ended.end()) or not syntax.value_end.search(text, ended.end())))


def _json_calls(text: str, schemas: Schemas) -> list[WrittenCall] | None:
    """Calls as JSON between tags (Qwen3), where a string of the JSON may hold the closing tag."""
    calls: list[WrittenCall] = []
    at = 0
    while opened := JSON_CALL.match(text, at):
        try:
            call, end = json.JSONDecoder().raw_decode(text, opened.end())
        except (ValueError, RecursionError):
            return None
        closed = JSON_CALL_END.match(text, end)
        if not (closed and isinstance(call, dict) and isinstance(call.get("name"), str)):
            return None
        calls.append(WrittenCall(call["name"], call.get("arguments", {})))
        at = closed.end()
    return calls


def typed(text: str, schema: Any) -> Any:
    """The value that a template wrote as `text` for a parameter of this JSON schema (None: unknown).

    Text stays as it is where only a string is allowed; else JSON and Python's literals are read if the schema allows
    their type. Raises ValueError if the text is neither and no string is allowed.
    """
    types = _types(schema)
    if types == {"string"}:
        return text
    for read in (json.loads, _python):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if types is None or JSON_TYPES[type(value)] & types:
            return value
    if types is None or "string" in types:
        return text
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _python(text: str) -> Any:
    """A Python literal that stands for JSON: True, False, None, a list or a dict; raises ValueError or SyntaxError."""
    word = text.strip()
    if word in PYTHON_WORDS:
        return PYTHON_WORDS[word]
    if not word.startswith(("[", "{")):
        raise ValueError(f"not a literal: {word[:20]}")
    try:
        return json.loads(json.dumps(ast.literal_eval(word), allow_nan=False))
    except TypeError as error:
        raise ValueError(f"not JSON: {word[:20]}") from error


def _types(schema: Any) -> set[str] | None:
    """JSON types that a schema allows; None if it names none."""
    if not isinstance(schema, dict):
        return None
    if "type" in schema:
        declared = schema["type"]
        return {declared} if isinstance(declared, str) else set(map(str, declared))
    if "enum" in schema or "const" in schema:
        members = schema.get("enum", [schema.get("const")])
        return {name for member in members for name in JSON_TYPES[type(member)]}
    branches = [_types(branch) for name in ("anyOf", "oneOf") for branch in schema.get(name, [])]
    known = [branch for branch in branches if branch is not None]
    return set().union(*known) if known and len(known) == len(branches) else None


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
