"""Reads messages and tools in OpenAI's form, as TRL, prime-rl, SWE-smith and the factory's own releases write them.

Logs of gateways, stored completions and batches hold the request (`request` or `body`) beside the API's reply, whose
first choice is the last message. Source: the Chat Completions and Batch references of OpenAI's API.
"""

from flows.imports.formats.attempt.leftover import unread
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import ROLES, chat
from flows.imports.formats.values.coerce import messages_of, object_of, text, truth_of, word
from flows.imports.formats.values.tools import tools_of

REQUEST = frozenset({"messages", "system", "tools", "functions", "model"})
LOGGED = ("request", "body", "response", "choices")
"""Fields of a row that hold a request or its reply."""


def messages(row: Row) -> Attempt:
    """Convert one row of messages and tools; a `system` field becomes the first message, a stored reply the last."""
    request, response = _request(row), _response(row)
    turns = chat([*messages_of(request.get("messages")), *_reply(response)])
    system = text(request.get("system"))
    if system and turns[0].role != "system":
        turns = (Message("system", system), *turns)
    return Attempt(
        messages=turns,
        tools=tools_of(request.get("tools") or request.get("functions")),
        truth=truth_of(row.get("answer")),
        final_answer=word(row.get("final_answer")),
        model=word(row.get("teacher_model") or response.get("model") or request.get("model")),
        metadata=unread(row, LOGGED, REQUEST | {"message"}, ("body", "choices")),
    )


def _request(row: Row) -> Row:
    """The request in a log of a gateway or a batch; the row itself where it is the request."""
    held = (object_of(row.get(name)) for name in ("request", "body"))
    return next((one for one in held if "messages" in one), row)


def _response(row: Row) -> Row:
    """The stored reply of the API beside a request, of a batch in its `body`; the row itself where it has one."""
    response = object_of(row.get("response"))
    return object_of(response.get("body")) or response or row


def _reply(response: Row) -> list[Row]:
    """The message of the first choice."""
    choices = response.get("choices")
    first = object_of(choices[0]) if isinstance(choices, list) and choices else {}
    message = object_of(first.get("message"))
    return [message] if message else []


def recognise(row: Row) -> Sign | None:
    """A `messages` field, surer if its messages have roles, and surest if they have calls in OpenAI's form."""
    found = _request(row).get("messages")
    if not found:
        return None
    spoken = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    if any("tool_calls" in one or "tool_call_id" in one for one in spoken):
        return Sign(0.8, "`messages` with `tool_calls`")
    if spoken and all(str(one.get("role")) in ROLES for one in spoken):
        return Sign(0.7, "`messages` with a `role` each")
    return Sign(0.5, "a field `messages`")


FIELDS = REQUEST | {*LOGGED, "answer", "final_answer", "teacher_model"}
MESSAGES = Format(messages, FIELDS, recognise)
