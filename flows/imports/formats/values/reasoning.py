"""Finds the reasoning of an assistant message under any of its names, in its fields and in <think> tags.

Servers and harnesses name it reasoning_content, reasoning, thinking, thought, thinking_blocks, reasoning_details or
tool_plan (Cohere).
The same text under two names is taken once; a thought that the content repeats is left in the content.
"""

import re
from collections.abc import Sequence

from flows.imports.formats.conversation import Row
from flows.imports.formats.values.parts import reasoning_text, redacted_blocks

NAMES = ("reasoning_content", "reasoning", "thinking", "thought", "thoughts", "thinking_blocks", "reasoning_details",
         "tool_plan")  # fmt: skip
THINK = re.compile(r"^\s*<(think|thinking|thought|scratch_pad)>(.*?)</\1>\s*", re.DOTALL)
CLOSED = re.compile(r"^((?:(?!<think>).)*?)</think>\s*", re.DOTALL)
"""Reasoning whose opening tag is in the prompt, as some templates write it."""
OPEN = re.compile(r"^\s*<think>((?:(?!</think>).)*)$", re.DOTALL)


def thought(text: str) -> tuple[str | None, str]:
    """Split leading reasoning from the rest of a text."""
    parts = []
    while found := THINK.match(text):
        parts.append(found[2].strip("\n"))
        text = text[found.end() :]
    if not parts and (found := CLOSED.match(text) or OPEN.match(text)):
        parts.append(found[1].strip("\n"))
        text = text[found.end() :]
    return "\n".join(part for part in parts if part.strip()) or None, text


def reasoning_of(message: Row, inline: Sequence[str], content: str) -> tuple[str | None, str, int]:
    """The reasoning of a message, its content without it, and the number of encrypted blocks."""
    tagged, rest = thought(content)
    found: list[str] = []
    for one in [*(reasoning_text(message.get(name)) for name in NAMES), *inline, tagged or ""]:
        text = one.strip("\n")
        if text.strip() and not any(text.strip() in other for other in found):
            found = [*(other for other in found if other.strip() not in text), text]
    fields = [one for one in found if one.strip() not in rest]
    redacted = sum(redacted_blocks(message.get(name)) for name in NAMES)
    return "\n".join(fields) or None, rest, redacted
