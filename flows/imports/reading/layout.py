"""Finds the layout of a text file from its start: one row per line, a JSON document, or the log of one session.

A file of rows with a broken first line must not be taken for a document, nor an indented document for broken rows.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

import orjson

from flows.imports.formats.logs.claude_code import is_event
from flows.imports.formats.logs.codex import is_line

Layout = Literal["lines", "array", "document", "session"]
HEAD_BYTES = 1024 * 1024
"""Bytes of the start that are looked at."""
MARK = b"\xef\xbb\xbf"
"""UTF-8 byte order mark, which some editors write before the first row."""
ARRAY = re.compile(rb"\[\s*(\{|\]|$)")
SESSION_LINES = 50
"""A session's log shows its kind within so many lines: summaries and snapshots may come first."""


def layout_of(head: bytes) -> Layout:
    """The layout of a file that starts with `head`."""
    text = head.removeprefix(MARK).lstrip()
    first, *rest = [line for line in text.splitlines() if line.strip()][:SESSION_LINES] or [b""]
    value, cut = _parsed(first)
    if text.startswith(b"["):
        return _of_list(text, value, rest)
    if isinstance(value, dict):
        return "session" if _is_session([value, *(_parsed(line)[0] for line in rest)]) else "lines"
    if text.startswith(b"{") and cut and rest and not isinstance(_parsed(rest[0])[0], dict):
        return "document"
    return "lines"


def _of_list(text: bytes, value: Any, rest: list[bytes]) -> Layout:
    """A line that is a whole list is a row if others follow, or if it is a conversation; else the file is one array."""
    if isinstance(value, list) and (
        rest or any(isinstance(one, dict) and {"role", "from"} & one.keys() for one in value)
    ):
        return "lines"
    return "array" if ARRAY.match(text) else "lines"


def _is_session(lines: Iterable[Any]) -> bool:
    return any(isinstance(line, dict) and (is_event(line) or is_line(line)) for line in lines)


def _parsed(line: bytes) -> tuple[Any, bool]:
    """The value of a line, and true if it ends too early rather than being wrong."""
    try:
        return orjson.loads(line), False
    except orjson.JSONDecodeError as error:
        return None, "end of data" in str(error) or "EOF" in str(error)
