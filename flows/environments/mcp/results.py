"""Turns the result of a tool into an answer: text as it is, everything else as a line with its type and size.

An error of a tool is an answer of kind `blocked`: the call was refused or not carried out, and the agent may read why
and call again. It is never content, and not `empty` either, which says that the tool looked and found nothing.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
)

from flows.environments.mcp.faults import masked
from flows.environments.tool import Answer

if TYPE_CHECKING:
    from flows.settings.environments import McpServer


@dataclass(frozen=True)
class Read:
    """An answer, and how many parts of the result the agent cannot see, by their type."""

    answer: Answer
    unseen: Counter[str] = field(default_factory=Counter)


def read_result(result: CallToolResult, server: "McpServer") -> Read:
    """The answer of a result; a longer one than the server may send is cut and then `truncated`."""
    parts = [_part(block) for block in result.content]
    texts, unseen = [text for text, _ in parts], Counter(name for _, name in parts if name)
    if result.structured_content is not None and not _repeats(result, texts):
        text = json.dumps(result.structured_content, ensure_ascii=False)
        texts.append(f"[structured content, application/json, {len(text.encode())} bytes]" if texts else text)
        unseen["structured"] += len(texts) > 1
    text = masked("\n".join(texts), server.secrets())
    return Read(_answer(text, bool(result.is_error), server.max_result_chars), +unseen)


def _answer(text: str, failed: bool, limit: int) -> Answer:
    if failed:
        return Answer(text[:limit] or "The tool failed and does not say why.", "blocked")
    if not text:
        return Answer("The tool returned nothing.", "empty")
    if len(text) > limit:
        return Answer(f"{text[:limit]}\n[{len(text) - limit} characters more were not read]", "truncated")
    return Answer(text)


def _part(block: ContentBlock) -> tuple[str, str | None]:
    """The text of a part, and its type if the agent cannot see it."""
    match block:
        case TextContent():
            return block.text, None
        case ImageContent():
            return f"[image, {block.mime_type}, {_size(block.data)} bytes]", "image"
        case AudioContent():
            return f"[audio, {block.mime_type}, {_size(block.data)} bytes]", "audio"
        case ResourceLink():
            size = "unknown size" if block.size is None else f"{block.size} bytes"
            return f"[link to {block.uri}, {block.mime_type or 'unknown type'}, {size}]", "link"
        case EmbeddedResource():
            return _resource(block)


def _resource(block: EmbeddedResource) -> tuple[str, str | None]:
    held = block.resource
    kind = held.mime_type or "unknown type"
    if isinstance(held, BlobResourceContents):
        return f"[resource {held.uri}, {kind}, {_size(held.blob)} bytes]", "resource"
    return f"[resource {held.uri}, {kind}, {len(held.text.encode())} bytes]\n{held.text}", None


def _size(base64: str) -> int:
    return len(base64) * 3 // 4 - base64[-2:].count("=")


def _repeats(result: CallToolResult, texts: list[str]) -> bool:
    """True if the texts of a result say the same as its structured content, as the protocol recommends."""
    held = result.structured_content
    inner = held["result"] if isinstance(held, dict) and held.keys() == {"result"} else held
    values = [_value(text) for text in texts]
    return held in values or inner in (*values, *texts, values, texts, "\n".join(texts))


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
