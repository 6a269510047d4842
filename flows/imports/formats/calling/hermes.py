"""Reads Hermes function calling (NousResearch/hermes-function-calling-v1): ShareGPT turns with tags.

The system prompt declares the tools between <tools> tags, as JSON or as a Python literal; calls stand between
<tool_call> tags, results between <tool_response> tags of the role tool. Examples of calls in the system prompt are
left alone.
"""

from flows.imports.formats.calling.sharegpt import sharegpt
from flows.imports.formats.conversation import Attempt, Format, Row, Sign


def hermes(row: Row) -> Attempt:
    """Convert one conversation."""
    return sharegpt(row)


def recognise(row: Row) -> Sign | None:
    """A first turn of the system with <tools> tags."""
    turns = row.get("conversations")
    first = turns[0] if isinstance(turns, list) and turns else None
    if isinstance(first, dict) and first.get("from") == "system" and "<tools>" in str(first.get("value")):
        return Sign(0.9, "`conversations` whose system prompt has <tools> tags")
    return None


FIELDS = frozenset({"conversations", "system", "tools", "model"})
HERMES = Format(hermes, FIELDS, recognise)
