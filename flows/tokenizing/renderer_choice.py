"""Finds the renderer that reproduces a chat template, by comparing their token ids.

`renderers` chooses by a model's exact name on the Hub, but a teacher or a student is a folder, a quantised copy or a
fine-tune. A renderer is chosen if its ids of a short conversation equal those of the tokenizer's own template; the
name is a hint only. The architecture is no guide: checkpoints of one architecture differ in their templates.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

from flows.tokenizing.harmony_vocabulary import provide_vocabulary
from flows.tokenizing.template_renderer import TEMPLATE, TemplateRenderer
from flows.tokenizing.thinking import ThinkingError, thinking_fields

AUTO = "auto"
KEPT = "all"
"""Reasoning of earlier turns stays in the stream, across user messages too."""
Owner = Literal["teacher", "student"]
SETTINGS: dict[Owner, str] = {
    "teacher": "teacher.renderer",
    "student": "publish.student_renderer (or --student-renderer)",
}
Message = dict[str, Any]


class RendererError(Exception):
    """No renderer reproduces the chat template, or the named one cannot; the message names the setting."""


def open_renderer(
    tokenizer: Any, name: str, owner: Owner, thinking: bool | None = None, effort: str | None = None
) -> Any:
    """The renderer of that name, or with `auto` the one that reproduces the chat template.

    `owner` is the model's role, for messages. Raises RendererError, also for a setting of thinking that the model
    family does not have.
    """
    setting = SETTINGS[owner]
    if name == TEMPLATE and owner == "student":
        return _own_template(tokenizer)
    if name == AUTO:
        name = _matching(tokenizer, owner)
    if name not in names():
        raise RendererError(f"there is no renderer {name!r}: set {setting} to one of {', '.join(names())}")
    try:
        return _create(tokenizer, name, thinking_fields(_default_config(name), thinking, effort))
    except ThinkingError as error:
        raise RendererError(str(error)) from error
    except Exception as error:  # renderers pass on the errors of their libraries
        raise RendererError(
            f"the renderer {name} cannot write with the {owner}'s tokenizer ({error}): set {setting} to the {owner}'s "
            "model family, or to auto"
        ) from error


def reopened(tokenizer: Any, renderer: Any) -> Any:
    """The same renderer, with the same settings, over another tokenizer."""
    from renderers import create_renderer

    return create_renderer(tokenizer, renderer.config)


def _own_template(tokenizer: Any) -> TemplateRenderer:
    if not tokenizer.chat_template or not tokenizer.is_fast:
        raise RendererError(
            f"{SETTINGS['student']} = {TEMPLATE} needs a fast tokenizer with a chat template: name a family instead"
        )
    return TemplateRenderer(tokenizer)


def varied(tokenizer: Any, renderer: Any, fields: Mapping[str, Any]) -> Any:
    """The renderer with other values of some fields of its config."""
    from renderers import create_renderer

    return create_renderer(tokenizer, renderer.config.model_copy(update=dict(fields)))


def names() -> list[str]:
    """Names of the renderers that give a loss mask, each once."""
    from renderers.base import MODEL_RENDERER_MAP

    return list(dict.fromkeys(MODEL_RENDERER_MAP.values()))


def template_options(config: Any) -> dict[str, Any]:
    """The arguments of a chat template that equal a renderer's config."""
    chosen = {name: getattr(config, name) for name in type(config).template_field_names()}
    return {name: value for name, value in chosen.items() if value is not None}


def _matching(tokenizer: Any, owner: Owner) -> str:
    from renderers.base import MODEL_RENDERER_MAP

    hint: str | None = MODEL_RENDERER_MAP.get(tokenizer.name_or_path)
    if hint and not tokenizer.chat_template:
        return hint
    usable: dict[str, Any] = {}
    for name in dict.fromkeys([*([hint] if hint else []), *names()]):
        with suppress(Exception):
            usable[name] = _create(tokenizer, name)
    for name, renderer in usable.items():
        if _reproduces_template(renderer, tokenizer):
            return name
    why = "reproduces its chat template" if tokenizer.chat_template else "can be chosen: it has no chat template"
    raise RendererError(
        f"{owner} {tokenizer.name_or_path}: no renderer {why}. If it belongs to a known model family, set "
        f"{SETTINGS[owner]} to one of {', '.join(usable or names())}"
        + (
            f"; {TEMPLATE} writes with the chat template itself"
            if owner == "student" and tokenizer.chat_template
            else ""
        )
    )


def _create(tokenizer: Any, name: str, fields: Mapping[str, Any] | None = None) -> Any:
    from renderers import create_renderer

    if name == "gpt-oss":
        provide_vocabulary(tokenizer)
    return create_renderer(tokenizer, _default_config(name, fields or {}))


def _default_config(name: str, fields: Mapping[str, Any] | None = None) -> Any:
    from renderers import config_from_name

    return type(config_from_name(name))(thinking_retention=KEPT, **(fields or {}))


def _reproduces_template(renderer: Any, tokenizer: Any) -> bool:
    try:
        ids = list(renderer.render([*PROBE, _tool_call(ARGUMENTS), *REPLIES], tools=TOOLS).token_ids)
    except Exception:  # renderers pass on the errors of their libraries
        return False
    return any(ids == expected for expected in _template_ids(renderer.config, tokenizer))


def _template_ids(config: Any, tokenizer: Any) -> Iterator[list[int]]:
    """Ids from the template itself, with arguments as a mapping and as JSON text: templates take one or the other."""
    options = template_options(config)
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
