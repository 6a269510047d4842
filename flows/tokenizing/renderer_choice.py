"""Which renderer writes as the student's chat template does.

`renderers` knows models by their names on the Hub, and a student is a folder, maybe of a model that nobody knows.
What it can be held to is its own template: the renderer fits whose ids of a short conversation are the template's.
Architectures do not tell that much: checkpoints of one share it and differ in their templates.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

AUTO = "auto"
Message = dict[str, Any]
SET = "publish.student_renderer (or --student-renderer)"


class RendererError(Exception):
    """No renderer reproduces the chat template, or the named one cannot; the message names the setting."""


def open_renderer(tokenizer: Any, name: str) -> Any:
    """The renderer of that name; under `auto` the first that writes as the template does. Raises RendererError."""
    if name == AUTO:
        return _fitting(tokenizer)
    if name not in names():
        raise RendererError(f"there is no renderer {name!r}: set {SET} to one of {', '.join(names())}")
    try:
        return _made(tokenizer, name)
    except Exception as error:  # a renderer raises what its libraries raise
        raise RendererError(
            f"the renderer {name} cannot write with the student's tokenizer ({error}): set {SET} to the student's "
            "own family, or to auto"
        ) from error


def names() -> list[str]:
    """The renderers that give a loss mask."""
    from renderers.base import MODEL_RENDERER_MAP

    return list(dict.fromkeys(MODEL_RENDERER_MAP.values()))


def _fitting(tokenizer: Any) -> Any:
    able: dict[str, Any] = {}
    for name in names():
        with suppress(Exception):
            able[name] = _made(tokenizer, name)
    for renderer in able.values():
        if _writes_alike(renderer, tokenizer):
            return renderer
    why = "writes as its chat template does" if tokenizer.chat_template else "can be chosen: it has no chat template"
    raise RendererError(
        f"publish.student: no renderer {why}. If the student is of a known family, set {SET} to one of "
        f"{', '.join(able or names())}"
    )


def _made(tokenizer: Any, name: str) -> Any:
    from renderers import config_from_name, create_renderer

    return create_renderer(tokenizer, type(config_from_name(name))(thinking_retention="all"))


def _writes_alike(renderer: Any, tokenizer: Any) -> bool:
    try:
        ids = list(renderer.render([*PROBE, _asking(ARGUMENTS), *HEARD], tools=TOOLS).token_ids)
    except Exception:  # a renderer raises what its libraries raise
        return False
    return any(ids == written for written in _written(renderer.config, tokenizer))


def _written(config: Any, tokenizer: Any) -> Iterator[list[int]]:
    """The template's own ids, with arguments as a mapping and as JSON text: templates want one or the other."""
    chosen = {name: getattr(config, name) for name in type(config).template_field_names()}
    options = {name: value for name, value in chosen.items() if value is not None}
    for arguments in (ARGUMENTS, json.dumps(ARGUMENTS)):
        with suppress(Exception):  # templates raise what they want
            yield list(
                tokenizer.apply_chat_template(
                    [*PROBE, _asking(arguments), *HEARD], tools=TOOLS, tokenize=True, return_dict=False, **options
                )
            )


def _asking(arguments: Any) -> Message:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": arguments}}
    return {"role": "assistant", "content": "", "reasoning_content": "Hm.", "tool_calls": [call]}


ARGUMENTS = {"query": 'a "b"', "all": True}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look",
            "description": "Looks.",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}, "all": {"type": "boolean"}}},
        },
    }
]
PROBE: list[Message] = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "What?"}]
HEARD: list[Message] = [
    {"role": "tool", "content": "Seen.", "name": "look", "tool_call_id": "call_1"},
    {"role": "assistant", "content": "That.", "reasoning_content": "So."},
]
"""A conversation that every template can write: one question, one call."""
