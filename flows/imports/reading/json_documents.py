"""Splits a stream of JSON documents into values: the elements of one array, or objects that span many lines.

The text is scanned for strings and brackets only and is never held as a whole, so that an array of any size can be
read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from flows.imports.formats.conversation import Refused

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|"|[{}\[\]]', re.DOTALL)
READ_BYTES = 4 * 1024 * 1024
BETWEEN = b" \t\r\n,"


@dataclass
class _Scan:
    """State of a scan: `buffer` holds the value that is open, or what follows the last one."""

    base: int
    """Depth of the values: 1 within an array, 0 outside."""
    longest: int
    buffer: bytes = b""
    at: int = 0
    depth: int = 0
    start: int = 0
    skipped: int = 0
    """Bytes of the open value that were dropped for its length."""

    def values(self) -> Iterator[tuple[int, bytes | Refused]]:
        """Size and content of each value that ends in the buffer."""
        for token in TOKEN.finditer(self.buffer, self.at):
            kind = token[0]
            if kind == b'"':
                break
            self.at = token.end()
            if kind in b"{[":
                if self.depth == self.base:
                    yield from self._between(token.start())
                    self.start = token.start()
                self.depth += 1
                if self.depth == self.base:
                    self.start = self.at
            elif kind in b"}]" and self.depth:
                self.depth -= 1
                if self.depth == self.base:
                    yield self._value(self.at)
                    self.start = self.at
                elif self.depth < self.base:
                    yield from self._between(token.start())
                    self.start = self.at
        self._shorten()

    def _value(self, end: int) -> tuple[int, bytes | Refused]:
        size, skipped = self.skipped + end - self.start, self.skipped
        self.skipped = 0
        if skipped or size > self.longest:
            return size, Refused("too_long")
        return size, self.buffer[self.start : end]

    def _between(self, end: int) -> Iterator[tuple[int, bytes | Refused]]:
        """Scalars between two values, which are no rows but must not be lost."""
        found = self.buffer[self.start : end].strip(BETWEEN)
        if found:
            yield len(found), found

    def _shorten(self) -> None:
        """Drop the bytes before the open value, and those of a value that is already too long."""
        inside = self.depth > self.base
        if inside and self.at - self.start > self.longest:
            self.skipped += self.at - self.start
            self.start = self.at
        self.buffer = self.buffer[self.start :]
        self.at -= self.start
        self.start = 0


def json_values(file: IO[bytes], *, in_array: bool, longest: int) -> Iterator[tuple[int, bytes | Refused]]:
    """Size and content of each value; one longer than `longest` bytes is refused, an unfinished one is given as is."""
    scan = _Scan(base=int(in_array), longest=longest)
    while chunk := file.read(READ_BYTES):
        scan.buffer += chunk
        yield from scan.values()
    if rest := scan.buffer.strip(BETWEEN):
        yield len(rest), rest[:longest]
