"""Parses the head of an HTTP/1 response as browsers do: a faulty line costs that line, and not the page.

Servers send header names with spaces, lines without a colon, two equal lengths, a status line without a reason.
Strict parsers refuse all of these, and a site that sends one with every page would be lost.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

MAX_VALUE_CHARS = 2_000
"""Longer header values are cut."""
_STATUS = re.compile(rb"\s*(?:http(?:/(\d+)(?:\.(\d+))?)?|icy)\s+(\d{3})(?!\d)", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_FIRST_COUNTS = frozenset({"location", "refresh", "etag", "last-modified", "date", "retry-after"})
"""Names of headers of which the first value counts; the values of others are joined by commas."""
_LINE_EACH = frozenset({"x-robots-tag"})
"""Names of headers whose values are joined by line breaks: each value may be for another robot."""


class NotHttp(Exception):
    """The response is not HTTP, or breaks a limit of it. The message is the reason."""


@dataclass(frozen=True)
class ResponseHead:
    """Status code, version and header fields of a response."""

    code: int
    version: tuple[int, int]
    fields: tuple[tuple[str, str], ...]
    """(lower-case name, value), in the order of the response; of folded lines one value"""

    def values(self, name: str) -> list[str]:
        """Return the values of all fields of this lower-case name."""
        return [value for field, value in self.fields if field == name]

    @cached_property
    def headers(self) -> dict[str, str]:
        """One value per lower-case name."""
        merged: dict[str, str] = {}
        for name, value in self.fields:
            if name not in merged:
                merged[name] = value
            elif name not in _FIRST_COUNTS:
                separator = "\n" if name in _LINE_EACH else ", "
                merged[name] = f"{merged[name]}{separator}{value}"
        return {name: value[:MAX_VALUE_CHARS] for name, value in merged.items()}

    def tokens(self, name: str) -> list[str]:
        """Return the comma-separated tokens of a header, in lower case."""
        return [token.strip().lower() for value in self.values(name) for token in value.split(",") if token.strip()]

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.tokens("transfer-encoding")

    @property
    def length(self) -> int | None:
        """Bytes of the body; None if they are not declared. Raises NotHttp if two lengths differ."""
        lengths = {int(token) for token in self.tokens("content-length") if token.isascii() and token.isdigit()}
        if len(lengths) > 1:
            raise NotHttp(f"the response declares several lengths: {sorted(lengths)}")
        return lengths.pop() if lengths else None

    @property
    def keeps_alive(self) -> bool:
        """True if the server leaves the connection open for another request."""
        said = self.tokens("connection")
        return "close" not in said and (self.version >= (1, 1) or "keep-alive" in said)


def parse_status(line: bytes) -> tuple[int, tuple[int, int]]:
    """Return status code and HTTP version of a status line. Raises NotHttp if it is none."""
    found = _STATUS.match(line)
    if found is None:
        raise NotHttp(f"the response does not begin with an HTTP status line: {line[:60]!r}")
    return int(found[3]), (int(found[1] or 1), int(found[2] or 0))


def parse_head(status_line: bytes, lines: Sequence[bytes]) -> ResponseHead:
    """Parse a status line and the header lines that follow it. Raises NotHttp if the first is no status line.

    A line that begins with a space continues the one before. Lines without a colon or a name are left out.
    """
    code, version = parse_status(status_line)
    unfolded: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and unfolded:
            unfolded[-1] += b" " + line.strip()
        else:
            unfolded.append(line)
    pairs = (line.partition(b":") for line in unfolded)
    fields = ((_text(name).lower(), _text(value)) for name, colon, value in pairs if colon)
    return ResponseHead(code, version, tuple((name, value) for name, value in fields if name))


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return _CONTROLS.sub(" ", text).strip()
