"""Finds the renderer that reproduces the student's chat template, by comparing their token ids.

`renderers` chooses by a model's name on the Hub, but a student is a folder and may be an unknown model. A renderer is
chosen if its ids of a short conversation equal those of the tokenizer's own template. The architecture is no guide:
checkpoints of one architecture differ in their templates.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

AUTO = "auto"
Message = dict[str, Any]
SETTING = "publish.student_renderer (or --student-renderer)"


class RendererError(Exception):
    """No renderer reproduces the chat template, or the named one cannot; the message names the setting."""


def open_renderer(tokenizer: Any, name: str) -> Any:
    """The renderer of that name, or with `auto` the first that reproduces the chat template. Raises RendererError."""
    if name == AUTO:
        return _matching(tokenizer)
    if name not in names():
        raise RendererError(f"there is no renderer {name!r}: set {SETTING} to one of {', '.join(names())}")
    try:
        return _create(tokenizer, name)
    except Exception as error:  # renderers pass on the errors of their libraries
        raise RendererError(
            f"the renderer {name} cannot write with the student's tokenizer ({error}): set {SETTING} to the student's "
            "model family, or to auto"
        ) from error


def names() -> list[str]:
    """Names of the renderers that give a loss mask, each once."""
    from renderers.base import MODEL_RENDERER_MAP

    return list(dict.fromkeys(MODEL_RENDERER_MAP.values()))


def _matching(tokenizer: Any) -> Any:
    usable: dict[str, Any] = {}
    for name in names():
        with suppress(Exception):
            usable[name] = _create(tokenizer, name)
    for renderer in usable.values():
        if _reproduces_template(renderer, tokenizer):
            return renderer
    why = "reproduces its chat template" if tokenizer.chat_template else "can be chosen: it has no chat template"
    raise RendererError(
        f"publish.student: no renderer {why}. If the student belongs to a known model family, set {SETTING} to one of "
        f"{', '.join(usable or names())}"
    )


def _create(tokenizer: Any, name: str) -> Any:
    from renderers import config_from_name, create_renderer

    return create_renderer(tokenizer, type(config_from_name(name))(thinking_retention="all"))


def _reproduces_template(renderer: Any, tokenizer: Any) -> bool:
    try:
        ids = list(renderer.render([*PROBE, _tool_call(ARGUMENTS), *REPLIES], tools=TOOLS).token_ids)
    except Exception:  # renderers pass on the errors of their libraries
        return False
    return any(ids == expected for expected in _template_ids(renderer.config, tokenizer))


def _template_ids(config: Any, tokenizer: Any) -> Iterator[list[int]]:
    """Ids from the template itself, with arguments as a mapping and as JSON text: templates take one or the other."""
    chosen = {name: getattr(config, name) for name in type(config).template_field_names()}
    options = {name: value for name, value in chosen.items() if value is not None}
    for arguments in (ARGUMENTS, json.dumps(ARGUMENTS)):
        with suppress(Exception):  # templates raise any error
            yield list(
                tokenizer.apply_chat_template(
                    [*PROBE, _tool_call(arguments), *REPLIES], tools=TOOLS, tokenize=True, return_dict=False, **options
                )
            )


def _tool_call(arguments: Any) -> Message:
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
REPLIES: list[Message] = [
    {"role": "tool", "content": "Seen.", "name": "look", "tool_call_id": "call_1"},
    {"role": "assistant", "content": "That.", "reasoning_content": "So."},
]
"""A conversation that every template accepts: one question, one tool call."""
