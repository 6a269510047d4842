"""Reads pairs of a prompt and what was written for it, each a text or a list of messages, as TRL and Alpaca name them.

Source: TRL's documentation of data set formats (prompt-completion, standard and conversational), and the fields of
Stanford's Alpaca, whose `input` follows the instruction. Preference rows (`chosen`, `rejected`) hold two attempts and
are not read.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, text, truth_of, word
from flows.imports.formats.values.markup import agent, answered
from flows.imports.formats.values.reasoning import thought
from flows.imports.formats.values.tools import tools_of

PAIRS = (("prompt", "completion"), ("prompt", "response"), ("instruction", "output"), ("instruction", "response"))
SEARCHED = re.compile(
    r"<search>((?:(?!<search>).)*?)</search>\s*<information>((?:(?!<information>).)*?)</information>", re.DOTALL
)
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
    """The messages of one side; plain text is a single message of the side's role, apart from searches within it."""
    if role == "assistant" and isinstance(value, str) and SEARCHED.search(value):
        return tuple(_searched(value))
    if isinstance(value, str) and not value.lstrip().startswith(("[{", "[\n")):
        return chat([{"role": role, "content": value}])
    return chat(messages_of(value))


def _searched(text: str) -> Iterator[Message]:
    """The messages of a text that goes on behind the results of its searches, as Search-R1 (Jin et al. 2025) has it."""
    at = 0
    for found in SEARCHED.finditer(text):
        reasoning, words = thought(text[at : found.start()])
        call = Call("search", {"query": found[1].strip()})
        yield Message("assistant", words.strip(), reasoning, (call,), notes=("text_calls",))
        yield Message("tool", found[2].strip())
        at = found.end()
    if text[at:].strip():
        yield answered(agent(text[at:].strip()))


def recognise(row: Row) -> Sign | None:
    """Both fields of a pair; those of Alpaca are common names, and less sure."""
    names = _names(row)
    if names is None:
        return None
    return Sign(0.7 if names == PAIRS[0] else 0.6, f"the fields `{names[0]}` and `{names[1]}`")


FIELDS = frozenset({*SIDES, "system", "tools", "answer", "model"})
TRL = Format(trl, FIELDS, recognise)
