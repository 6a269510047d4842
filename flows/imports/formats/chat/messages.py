"""Reads messages and tools in OpenAI's form, as TRL, prime-rl, SWE-smith and the factory's own releases write them."""

from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import ROLES, chat
from flows.imports.formats.values.coerce import messages_of, text, truth_of, word
from flows.imports.formats.values.tools import tools_of


def messages(row: Row) -> Attempt:
    """Convert one row of messages and tools; a `system` field becomes the first message."""
    turns = chat(messages_of(row.get("messages")))
    system = text(row.get("system"))
    if system and turns[0].role != "system":
        turns = (Message("system", system), *turns)
    return Attempt(
        messages=turns,
        tools=tools_of(row.get("tools") or row.get("functions")),
        truth=truth_of(row.get("answer")),
        final_answer=word(row.get("final_answer")),
        model=word(row.get("teacher_model") or row.get("model")),
    )


def recognise(row: Row) -> Sign | None:
    """A `messages` field, surer if its messages have roles, and surest if they have calls in OpenAI's form."""
    found = row.get("messages")
    if not found:
        return None
    spoken = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    if any("tool_calls" in one or "tool_call_id" in one for one in spoken):
        return Sign(0.8, "`messages` with `tool_calls`")
    if spoken and all(str(one.get("role")) in ROLES for one in spoken):
        return Sign(0.7, "`messages` with a `role` each")
    return Sign(0.5, "a field `messages`")


FIELDS = frozenset({
    "messages", "system", "tools", "functions", "answer", "final_answer", "teacher_model", "model",
})  # fmt: skip
MESSAGES = Format(messages, FIELDS, recognise)
