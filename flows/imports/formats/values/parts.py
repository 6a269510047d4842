"""Reads the content of a message: text, or a list of typed parts as OpenAI, Anthropic and Inspect write them.

Images and files cannot be stored in a text column, so a placeholder stands in their place and a note counts them.
Parts of reasoning, calls and results are separated from the text.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flows.imports.formats.conversation import Message, Refused, Row

IMAGES = {"image", "image_url", "input_image", "output_image", "image_file"}
REASONING = {"thinking", "reasoning", "thought"}
REDACTED = {"redacted_thinking", "reasoning.encrypted"}
CALLS = {"tool_use", "server_tool_use", "mcp_tool_use"}
RESULT_SUFFIX = "tool_result"
"""Anthropic's tool_result, web_search_tool_result, mcp_tool_result, ..."""


@dataclass
class Content:
    """The content of a message, by kind of part."""

    text: str = ""
    reasoning: list[str] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    results: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def content_of(value: Any) -> Content:
    """Read text, null, one part or a list of parts; raises Refused on anything else."""
    content = Content()
    if value is None:
        return content
    if isinstance(value, str):
        content.text = value
        return content
    if not isinstance(value, list | dict):
        raise Refused("not_text", json.dumps(value, default=str)[:80])
    for part in value if isinstance(value, list) else [value]:
        _add(content, part)
    return content


def noted(messages: Iterable[Message], notes: Sequence[str]) -> Iterator[Message]:
    """The messages made of one content; the first of them has its notes."""
    for at, message in enumerate(messages):
        yield replace(message, notes=(*message.notes, *notes)) if at == 0 else message


def _add(content: Content, part: Any) -> None:
    """Add one part to its kind."""
    if part is None or part == {}:
        content.notes.append("null_part")
    elif isinstance(part, str):
        content.text += part
    elif not isinstance(part, dict):
        raise Refused("not_text", json.dumps(part, default=str)[:80])
    else:
        _add_typed(content, part, str(part.get("type") or ""))


def _add_typed(content: Content, part: Row, kind: str) -> None:
    if kind in REDACTED or part.get("redacted") is True:
        content.reasoning += [part["summary"]] if isinstance(part.get("summary"), str) else []
        content.notes.append("redacted_reasoning")
    elif kind in REASONING:
        content.reasoning.append(reasoning_text(part))
        if not content.reasoning[-1]:
            content.notes.append("redacted_reasoning")
    elif kind in CALLS:
        content.calls.append(part)
    elif kind.endswith(RESULT_SUFFIX):
        content.results.append(part)
    elif kind in IMAGES or "image_url" in part:
        content.text += _beside(content.text, "[image]")
        content.notes.append("image")
    elif isinstance(part.get("text"), str):
        content.text += part["text"]
    elif kind == "text" and part.get("text") is None:
        content.notes.append("null_part")
    elif isinstance(part.get("refusal"), str):
        content.text += part["refusal"]
    elif inner := _nested_text(part):
        content.text += f"\n{inner}" if content.text and not content.text.endswith("\n") else inner
    elif kind:
        content.text += _beside(content.text, f"[{kind}]")
        content.notes.append("part")
    else:
        raise Refused("not_text", json.dumps(part, default=str)[:80])


def _nested_text(part: Row) -> str:
    """The text within a part: of a document, an embedded resource, a search result or JSON; empty if it has none.

    Anthropic's documents have a `source`, MCP's resources a `resource`, Cohere's results a `document`, OpenAI's
    interpreter `logs`.
    """
    source, resource, document = (part.get(name) for name in ("source", "resource", "document"))
    if isinstance(source, dict) and source.get("type") in ("text", "content"):
        return content_of(source.get("data", source.get("content"))).text
    if isinstance(resource, dict) and isinstance(resource.get("text"), str):
        return str(resource["text"])
    if isinstance(part.get("logs"), str):
        return str(part["logs"])
    held = document.get("data", document.get("text")) if isinstance(document, dict) else document
    held = part.get("json") if held is None else held
    if isinstance(held, str):
        return held
    if isinstance(held, dict | list) and held:
        return json.dumps(held, ensure_ascii=False, default=str)
    return content_of(part["content"]).text if isinstance(part.get("content"), str | list) else ""


def reasoning_text(value: Any) -> str:
    """The readable text of a reasoning field: text, an object of one of the providers, or a list of these."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(text for one in value if (text := reasoning_text(one)))
    if isinstance(value, dict) and str(value.get("type")) not in REDACTED:
        keys = ("thinking", "text", "reasoning", "content", "summary", "thought")
        return next((text for key in keys if (text := reasoning_text(value.get(key)))), "")
    return ""


def redacted_blocks(value: Any) -> int:
    """Number of encrypted blocks in a reasoning field."""
    if isinstance(value, list):
        return sum(redacted_blocks(one) for one in value)
    if not isinstance(value, dict):
        return 0
    return int(str(value.get("type")) in REDACTED or bool(value.get("encrypted_content") and not reasoning_text(value)))


def _beside(text: str, mark: str) -> str:
    """The placeholder, on a line of its own after text."""
    return f"\n{mark}" if text and not text.endswith("\n") else mark
