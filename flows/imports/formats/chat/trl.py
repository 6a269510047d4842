"""Reads pairs of a prompt and what was written for it, each a text or a list of messages, as TRL and Alpaca name them.

Source: TRL's documentation of data set formats (prompt-completion, standard and conversational), and the fields of
Stanford's Alpaca, whose `input` follows the instruction. Preference rows (`chosen`, `rejected`) hold two attempts and
are not read.
"""

from dataclasses import replace
from typing import Any

from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, text, truth_of, word
from flows.imports.formats.values.tools import tools_of

PAIRS = (("prompt", "completion"), ("prompt", "response"), ("instruction", "output"), ("instruction", "response"))
SIDES = {"input", *(name for pair in PAIRS for name in pair)}


def trl(row: Row) -> Attempt:
    """Convert one pair."""
    asked, written = _names(row) or PAIRS[0]
    prompt = _side(row.get(asked), "user")
    given = row.get("input") if asked == "instruction" else None
    if isinstance(given, str) and given.strip():
        prompt = (*prompt[:-1], replace(prompt[-1], content=f"{prompt[-1].content}\n\n{given}"))
    system = text(row.get("system"))
    opening = (Message("system", system),) if system and prompt[0].role != "system" else ()
    return Attempt(
        messages=(*opening, *prompt, *_side(row.get(written), "assistant")),
        tools=tools_of(row.get("tools")),
        truth=truth_of(row.get("answer")),
        model=word(row.get("model")),
        metadata={
            name: row[name] for name in sorted(SIDES - {asked, written}) if row.get(name) not in (None, "", given)
        },
    )


def _names(row: Row) -> tuple[str, str] | None:
    """The fields of the pair that a row has."""
    return next((pair for pair in PAIRS if row.get(pair[0]) and row.get(pair[1])), None)


def _side(value: Any, role: str) -> tuple[Message, ...]:
    """The messages of one side; plain text is a single message of the side's role."""
    if isinstance(value, str) and not value.lstrip().startswith(("[{", "[\n")):
        return chat([{"role": role, "content": value}])
    return chat(messages_of(value))


def recognise(row: Row) -> Sign | None:
    """Both fields of a pair; those of Alpaca are common names, and less sure."""
    names = _names(row)
    if names is None:
        return None
    return Sign(0.7 if names == PAIRS[0] else 0.6, f"the fields `{names[0]}` and `{names[1]}`")


FIELDS = frozenset({*SIDES, "system", "tools", "answer", "model"})
TRL = Format(trl, FIELDS, recognise)
