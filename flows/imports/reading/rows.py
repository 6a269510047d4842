"""One row of a published file as it is read, before any format, and the error of a file that cannot be read."""

from dataclasses import dataclass
from typing import Any

from flows.imports.formats.conversation import Refused
from flows.imports.formats.values.coerce import from_json

LONGEST_ROW = 32 * 1024 * 1024
"""Maximum bytes of a row, about thirty times the longest context."""


class ImportFailed(Exception):
    """A file cannot be imported; the message names the file, the cause and the remedy."""


@dataclass(frozen=True)
class RawRow:
    """One row of the file: its JSON text, a Parquet row or a session as a dict, or the refusal of an unreadable row."""

    row: int
    size: int
    """Bytes in the file (for Parquet the mean of the row group)."""
    content: bytes | dict[str, Any] | Refused

    def value(self) -> Any:
        """The parsed row; raises Refused."""
        if isinstance(self.content, Refused):
            raise self.content
        return from_json(self.content) if isinstance(self.content, bytes) else self.content
