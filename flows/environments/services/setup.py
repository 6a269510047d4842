"""The setup of an office world: its rows, its clock and ids, and the words in which it shows them.

A composer writes it and the environment reads it. It holds the initial state only, so tools may show all of it; the
goal of a task is never a part of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

Cell = str | int | None


class Numbering(NamedTuple):
    """How new rows of a table are numbered: prefix, first number, and step from one to the next."""

    prefix: str
    first: int
    step: int


@dataclass(frozen=True)
class Setup:
    """The initial state of one world."""

    now: str = "2026-01-01T09:00"
    """Time of the world's clock at the start, as in 2026-03-12T09:00; every write advances it by a minute."""
    services: Sequence[str] = ()
    """Names of the services that are offered; empty for all."""
    rows: Mapping[str, Sequence[Sequence[Cell]]] = field(default_factory=dict)
    """Table -> rows, with the columns in the order of the table's definition."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Operation -> name under which it is offered; the operation's own name where absent."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column or argument -> name shown."""
    words: Mapping[str, str] = field(default_factory=dict)
    """State, such as `open` or `pending` -> word for it in this world's rows."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Name of a choice, such as `resolution` -> values that a call may give."""
    ids: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Table -> its Numbering."""
    page_size: int = 10
    indented: bool = False
    """True if the JSON of answers is indented by two spaces."""
    user: Mapping[str, str] = field(default_factory=dict)
    """Topic -> reply of the simulated user."""
    rules: Mapping[str, Any] = field(default_factory=dict)
    """General rule -> its value; `rules.py` counts the breaches."""

    def to_json(self) -> str:
        """The setup as stored with a task."""
        return orjson.dumps(vars(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> "Setup":
        """Raises TypeError on a key that no setup has, ValueError on text that is no JSON object."""
        return cls(**orjson.loads(text))
