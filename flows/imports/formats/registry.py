"""Registry of import formats, by the name that `factory import --format` takes. A new format is one line here."""

from dataclasses import replace

from flows.imports.formats.atif import atif
from flows.imports.formats.conversation import Attempt, Convert, Refused
from flows.imports.formats.messages import messages
from flows.imports.formats.openresearcher import openresearcher
from flows.imports.formats.openseeker import openseeker
from flows.imports.formats.pairing import joined, paired
from flows.imports.formats.sharegpt import sharegpt
from flows.imports.formats.toucan import toucan

FORMATS: dict[str, Convert] = {
    "messages": messages,
    "atif": atif,
    "openseeker": openseeker,
    "openresearcher": openresearcher,
    "toucan": toucan,
    "sharegpt": sharegpt,
}
SPLIT_COMPLETIONS = {"openresearcher", "toucan"}
"""Formats that split one completion into several messages."""


def attempt_of(row: object, format: str) -> Attempt:
    """Convert a row with its format, and pair its calls with their results; raises Refused."""
    if not isinstance(row, dict):
        raise Refused("not_an_object", type(row).__name__)
    read = FORMATS[format](row)
    whole = joined(read.messages) if format in SPLIT_COMPLETIONS else read.messages
    attempt = replace(read, messages=tuple(paired(whole)))
    if not any(message.role == "user" and message.content.strip() for message in attempt.messages):
        raise Refused("no_instruction")
    if not any(message.role == "assistant" for message in attempt.messages):
        raise Refused("no_agent")
    return attempt


def instruction(attempt: Attempt) -> str:
    """The task's instruction: the first user message with text."""
    return next(one.content for one in attempt.messages if one.role == "user" and one.content.strip())
