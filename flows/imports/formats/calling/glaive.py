"""Reads Glaive function calling (glaiveai/glaive-function-calling-v2): one text of turns.

`system` lists the functions as JSON objects, `chat` holds `USER:`, `ASSISTANT:` and `FUNCTION RESPONSE:` turns,
ended by <|endoftext|>. A call is `<functioncall> {"name": …, "arguments": '{…}'}`: its arguments are JSON in single
quotes.
"""

import json
import re
from collections.abc import Iterator

from flows.imports.formats.conversation import Attempt, Call, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.calls import call_of, with_arguments
from flows.imports.formats.values.coerce import text
from flows.imports.formats.values.markup import closed
from flows.imports.formats.values.tools import tools_of

TURN = re.compile(r"(?:^|\n)[ \t]*(USER|ASSISTANT|FUNCTION RESPONSE|SYSTEM):[ \t]*")
ROLES = {"USER": "user", "ASSISTANT": "assistant", "FUNCTION RESPONSE": "tool", "SYSTEM": "system"}
CALL = re.compile(r"<functioncall>\s*(\{.*\})", re.DOTALL)
QUOTED = re.compile(r'"name"\s*:\s*"(?P<name>[^"]+)"\s*,\s*"arguments"\s*:\s*\'(?P<arguments>.*)\'\s*\}\s*$', re.DOTALL)
END = "<|endoftext|>"


def glaive(row: Row) -> Attempt:
    """Convert one conversation with the functions of its system prompt."""
    system = text(row.get("system")).removeprefix("SYSTEM:").strip()
    chat = text(row.get("chat"))
    parts = TURN.split(chat)
    if len(parts) < 3:
        raise Refused("no_messages", chat[:80])
    turns = tuple(_turns(parts[1:]))
    return Attempt(messages=(Message("system", system), *turns) if system else turns, tools=tools_of(_declared(system)))


def _turns(parts: list[str]) -> Iterator[Message]:
    for speaker, said in zip(parts[::2], parts[1::2], strict=True):
        words, role = said.replace(END, "").strip(), ROLES[speaker]
        found = CALL.search(closed(words, "}")) if role == "assistant" else None
        if found:
            yield Message(role, words[: found.start()].strip(), calls=(_call(found[1]),))
        else:
            yield Message(role, words)


def _call(body: str) -> Call:
    quoted = QUOTED.search(body)
    return with_arguments(quoted["name"], quoted["arguments"]) if quoted else call_of(body)


def _declared(system: str) -> list[Row]:
    """The JSON objects in the system prompt that have a name and parameters."""
    decoder, found, at = json.JSONDecoder(), [], system.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(system, at)
        except (json.JSONDecodeError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict) and isinstance(value.get("name"), str) and "parameters" in value:
                found.append(value)
        at = system.find("{", end)
    return found


def recognise(row: Row) -> Sign | None:
    """A text `chat` with a turn of the user."""
    chat = row.get("chat")
    return (
        Sign(0.95, "a text `chat` of USER: and ASSISTANT: turns") if isinstance(chat, str) and "USER:" in chat else None
    )


GLAIVE = Format(glaive, frozenset({"system", "chat"}), recognise)
