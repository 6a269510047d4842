"""Keys by which an imported row is recognised again: its conversation, its fields, its place, and its text.

`row_id` covers the conversation as a format reads it. The other keys recognise a row that is read as another format,
or that an importer of another version wrote: no option and no version may double the rows of a lake.
"""

import hashlib
import json
import re
from typing import Any

import orjson

from flows.imports.formats.conversation import Attempt, Message, Refused

TAG = re.compile(r"</?[A-Za-z_]+>")
SEPARATORS = re.compile(r"[\W_]+")


def row_id(attempt: Attempt) -> str:
    """Content id of a conversation with its ground truth, equal in all files and with all options; raises Refused."""
    messages = [(one.role, one.content, one.reasoning, one.calls, one.answers) for one in attempt.messages]
    try:
        canonical = orjson.dumps(("imported", messages, attempt.truth), default=str, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise Refused("bad_arguments", str(error)) from error
    return hashlib.sha256(canonical).hexdigest()[:32]


def row_key(value: object) -> str | None:
    """Content id of a row's fields as the file holds them, in any order; None for values that JSON cannot hold."""
    try:
        canonical = orjson.dumps(("row", value), default=str, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None
    return hashlib.sha256(canonical).hexdigest()[:32]


def place_key(file_sha256: str, row: int) -> str:
    """Id of a row by its number in a file of these bytes."""
    return hashlib.sha256(f"place {file_sha256} {row}".encode()).hexdigest()[:32]


def text_key(attempt: Attempt) -> str:
    """Digest of the letters and digits of all messages and calls, as `sql/imports/earlier_texts.sql` computes it."""
    texts = (SEPARATORS.sub("", TAG.sub("", _text(message))) for message in attempt.messages)
    digests = "".join(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts if text)
    return hashlib.md5(digests.encode(), usedforsecurity=False).hexdigest()


def _text(message: Message) -> str:
    calls = [f"{call.name}{_json(call.arguments)}" for call in message.calls]
    return f"{message.reasoning or ''}{message.content}{''.join(calls)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
