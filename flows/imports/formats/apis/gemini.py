"""Reads requests and answers of Gemini's API: `contents` of {role, parts}, each part with one kind of data.

A part with `thought` is reasoning; `functionCall` and `functionResponse` are call and result, `executableCode` and
`codeExecutionResult` those of the provider's own interpreter. REST writes the names in camel case, Python's client
with underscores. Source: Content, Part and GenerateContentRequest of the Gemini API reference and google-genai.
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover, unread
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.coerce import (
    json_text,
    listed,
    messages_of,
    object_of,
    parsed_json,
    role_of,
    truth_of,
    word,
)
from flows.imports.formats.values.steps import Step, step_messages
from flows.imports.formats.values.tools import tools_of

ROLES = {
    "user": "user", "USER": "user", "model": "assistant", "MODEL": "assistant",
    "function": "user", "tool": "user", "system": "system",
}  # fmt: skip
CODE = "code_execution"
"""The provider's own interpreter, as the setting that turns it on is named."""
ONLY = ("output", "result", "content")
"""Keys of a response that hold all of it."""


def gemini(row: Row) -> Attempt:
    """Convert one request, and its answer if the row has it."""
    request = object_of(row.get("request")) or row
    response = object_of(row.get("response")) or row
    raw = [*messages_of(request.get("contents")), *_answers(response)]
    system = "".join(
        one.content for one in _message({"role": "system", "parts": _parts(_either(request, INSTRUCTION))})
    )
    turns = tuple(one for message in raw for one in _message(message))
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        tools=tools_of(list(_declared(listed(request.get("tools"), "bad_tools")))),
        truth=truth_of(row.get("answer")),
        model=word(response.get("modelVersion") or response.get("model_version") or request.get("model")),
        metadata=unread(row, ("request", "response", "candidates"), READ | {"content"}, ("candidates",)),
    )


INSTRUCTION = ("systemInstruction", "system_instruction")

READ = frozenset({"contents", "tools", "model", "modelVersion", "model_version", *INSTRUCTION})
"""Fields of a request and of its answer."""


def _either(value: Row, names: tuple[str, ...]) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _answers(response: Row) -> list[Row]:
    """The content of the first candidate."""
    candidates = listed(response.get("candidates"), "no_messages")
    content = object_of(candidates[0].get("content")) if candidates and isinstance(candidates[0], dict) else {}
    return [{"role": "model"} | content] if content.get("parts") else []


def _parts(content: Any) -> list[Any]:
    """The parts of a content, of its text or of a list of parts."""
    if isinstance(content, dict):
        return listed(content.get("parts"), "bad_message") if "parts" in content else [content]
    return [content] if isinstance(content, str) else listed(content, "bad_message")


def _message(message: Row) -> Iterator[Message]:
    """The completions in a message with the results between them."""
    role = role_of({"role": message.get("role") or "user"}, ROLES)
    parts = [one if isinstance(one, dict) else {"text": one} for one in _parts(message)]
    yield from step_messages(parts, role, leftover(message, frozenset({"role", "parts"})), _speaks, _add)


def _speaks(part: Row) -> bool:
    return bool(part.get("text"))


def _add(step: Step, part: Row) -> None:
    if result := _result(part):
        step.results.append(result)
    elif call := _call(part):
        step.calls.append(call)
    elif part.get("thought") is True:
        step.reasoning.append(str(part.get("text") or ""))
    elif isinstance(part.get("text"), str):
        step.text += part["text"]
    elif mark := _media(part):
        step.add_media(mark)


def _call(part: Row) -> Call | None:
    call, code = (object_of(_either(part, names)) for names in (CALLS, CODES))
    if call:
        return with_arguments(str(call.get("name") or ""), call.get("args"), word(call.get("id")))
    if code:
        return Call(CODE, {key: value for key, value in code.items() if key != "id"}, word(code.get("id")))
    return None


CALLS, CODES = ("functionCall", "function_call"), ("executableCode", "executable_code")
RESULTS = ("functionResponse", "function_response"), ("codeExecutionResult", "code_execution_result")


def _result(part: Row) -> Message | None:
    answer, run = (object_of(_either(part, names)) for names in RESULTS)
    if answer:
        given = object_of(answer.get("response")) or answer.get("response")
        failed = True if isinstance(given, dict) and set(given) == {"error"} else None
        return Message(
            "tool", _text(given), answers=word(answer.get("id")), name=word(answer.get("name")), failed=failed
        )
    if run:
        failed = str(run.get("outcome") or "").removeprefix("OUTCOME_") not in ("OK", "UNSPECIFIED", "")
        extra = {"outcome": run["outcome"]} if run.get("outcome") else {}
        output = str(run.get("output") or "")
        return Message("tool", output, answers=word(run.get("id")), name=CODE, failed=failed, extra=extra)
    return None


def _text(response: Any) -> str:
    """The text of a response: of its only field, if that is text, else its JSON."""
    if isinstance(response, str):
        return response
    if isinstance(response, dict) and len(response) == 1:
        [(name, only)] = response.items()
        if name in (*ONLY, "error") and isinstance(only, str):
            return only
    return json_text(response)


def _media(part: Row) -> str | None:
    """The placeholder of a file; None for a part without data, such as a signature."""
    found = object_of(_either(part, ("inlineData", "inline_data", "fileData", "file_data")))
    kind = str(_either(found, ("mimeType", "mime_type")) or "")
    return None if not found else "[image]" if kind.startswith("image/") else f"[{kind or 'file'}]"


def _declared(tools: list[Any]) -> Iterator[Row]:
    """The declared functions, their schemas with JSON Schema's names of types."""
    for tool in tools:
        found = _either(tool, ("functionDeclarations", "function_declarations")) if isinstance(tool, dict) else None
        for one in listed(found, "bad_tools"):
            function = object_of(one)
            schema = _either(function, ("parametersJsonSchema", "parameters_json_schema", "parameters"))
            named = {key: value for key, value in function.items() if not key.startswith("parameters")}
            yield named | ({"parameters": _lowered(parsed_json(schema, "bad_tools"))} if schema else {})


def _lowered(schema: Any) -> Any:
    """A schema whose types are JSON Schema's: Gemini writes OBJECT and STRING."""
    if isinstance(schema, dict):
        return {
            key: value.lower() if key == "type" and isinstance(value, str) else _lowered(value)
            for key, value in schema.items()
        }
    return [_lowered(one) for one in schema] if isinstance(schema, list) else schema


def recognise(row: Row) -> Sign | None:
    """A list `contents` of messages with `parts`."""
    request = row.get("request")
    found = (request if isinstance(request, dict) else row).get("contents")
    if isinstance(found, list) and any(isinstance(one, dict) and "parts" in one for one in found):
        return Sign(0.9, "`contents` with `parts`, as Gemini's API writes them")
    return None


FIELDS = READ | {"request", "response", "candidates", "answer"}
GEMINI = Format(gemini, FIELDS, recognise)
