"""Adds notes to an environment: a place of the attempt's own, whose content outlives a compaction of its context.

Notes are part of the checkpoint. The tools of the environment stay as they are; calls of one without state are not made
again when the notes are rebuilt.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from flows.environments.environment import Checkpoint, Environment, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, Tool, ToolCall
from schemas.prompt import prompt

if TYPE_CHECKING:
    from schemas.task import Hidden

MAX_NOTES = 20
MAX_CHARS = 4_000
"""Most characters of one note."""


class WriteArguments(Arguments):
    name: str = Field(min_length=1, max_length=80, description="name of the note; a note of that name is replaced")
    text: str = Field(max_length=MAX_CHARS, description="text of the note; empty deletes it")


class ReadArguments(Arguments):
    name: str | None = Field(default=None, description="name of the note; without it, all notes are listed")


def _tool(name: str, arguments: type[Arguments], *, read_only: bool) -> Tool:
    return Tool(name, prompt(name, __package__).text.strip(), arguments, read_only=read_only)


WRITE = _tool("note_write", WriteArguments, read_only=False)
READ = _tool("note_read", ReadArguments, read_only=True)
NOTE_TOOLS = (WRITE, READ)
NAMES = frozenset(tool.name for tool in NOTE_TOOLS)
VERSION = "1"


class Notes:
    """An environment with notes beside its own tools."""

    def __init__(self, inner: Environment) -> None:
        self.inner = inner
        """The environment without notes."""
        self.notes: dict[str, str] = {}
        """Texts by name, in the order in which they were first written."""

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the environment, then those of the notes."""
        return (*self.inner.tools(), *NOTE_TOOLS)

    def act(self, call: ToolCall) -> Answer:
        """Write or read a note, or make the call in the environment."""
        if call.name == WRITE.name:
            return self._write(WriteArguments.model_validate(call.arguments))
        if call.name == READ.name:
            return self._read(ReadArguments.model_validate(call.arguments).name)
        return self.inner.act(call)

    def checkpoint(self) -> Checkpoint:
        """The environment's checkpoint and the notes, by one digest; notes need no snapshot, they are written again."""
        inner, notes = self.inner.checkpoint(), json.dumps(self.notes, ensure_ascii=False)
        digest = hashlib.sha256(f"{inner.digest}\n{notes}".encode("utf-8", "surrogatepass")).hexdigest()
        return Checkpoint(digest, json.dumps(asdict(inner)))

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Write the notes again, and restore the environment in its own way.

        Returns no answers if the environment makes none of its calls again.
        """
        own = [call for call in calls if call.name not in NAMES]
        made = self.inner.restore(Checkpoint(**json.loads(checkpoint.snapshot or "{}")), own)
        answers = iter(made)
        repeated = [self.act(call) if call.name in NAMES else next(answers, None) for call in calls]
        return [one for one in repeated if one] if len(made) == len(own) else []

    def finish(self, answer: str | None) -> FinalState:
        """The environment's final state; notes are means, not results."""
        return self.inner.finish(answer)

    def close(self) -> None:
        """Close the environment."""
        self.inner.close()

    def _write(self, note: WriteArguments) -> Answer:
        if not note.text:
            return Answer("Deleted.") if self.notes.pop(note.name, None) is not None else _unknown(note.name)
        if note.name not in self.notes and len(self.notes) >= MAX_NOTES:
            return Answer(f"There are {MAX_NOTES} notes, the most that fit. Replace or delete one.", "blocked")
        self.notes[note.name] = note.text
        return Answer(f"Noted ({len(self.notes)} of {MAX_NOTES} notes).")

    def _read(self, name: str | None) -> Answer:
        if name is not None:
            return Answer(self.notes[name]) if name in self.notes else _unknown(name)
        return Answer(notes_text(self.notes)) if self.notes else Answer("There are no notes.", "empty")


def notes_text(notes: Mapping[str, str]) -> str:
    """All notes as one text, each under its name."""
    return "\n\n".join(f"{name}:\n{text}" for name, text in notes.items())


def with_notes(kind: EnvironmentKind) -> EnvironmentKind:
    """The same environments with notes; every task of them may use those."""

    def tools(setup: str, dialect: str) -> tuple[Tool, ...]:
        return (*kind.tools(setup, dialect), *NOTE_TOOLS)

    def opened(setup: str, resources: Resources, folder: Path) -> Notes:
        return Notes(kind.open(setup, resources, folder))

    def examine(world: Notes, hidden: "Hidden", resources: Resources, folder: Path) -> Mapping[str, object]:
        return kind.examine(world.inner, hidden, resources, folder) if kind.examine else {}

    return replace(
        kind,
        name=f"{kind.name}+notes",
        version=f"{kind.version}+{VERSION}",
        tools=tools,
        open=opened,
        has_state=True,
        examine=examine if kind.examine else None,
        always=(*kind.always, *(tool.name for tool in NOTE_TOOLS)),
    )


def _unknown(name: str) -> Answer:
    return Answer(f"There is no note {name!r}.", "empty")
