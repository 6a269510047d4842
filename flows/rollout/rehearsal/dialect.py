"""The dialect of rehearsals: messages between markers, calls as JSON, over any tokenizer.

A policy writes through it what a model would write with its chat template, without the words between calls.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.protocol import NO_THINKING, Completion, Extension, Message, Parsed, Sampling, Thinking
from flows.rollout.rehearsal.pieces import Tokenizer
from schemas.record import sha256_text

AGENT = "assistant"


@dataclass(frozen=True)
class Shown:
    """A message of a stream: its role, and its text; `calls` is true for the calls of the agent."""

    role: str
    text: str
    calls: bool = False


class RehearsalDialect:
    """Messages as `start role-and-text end`; call ids are numbered by place within their turn."""

    name = "chat"
    reasoning_policy = "none"
    thinking: Thinking = NO_THINKING

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._markers = tokenizer, tokenizer.markers
        self.renderer = f"rehearsal ({tokenizer.name})"
        self.template_sha256 = sha256_text(self.renderer)
        self.vocabulary_sha256: str | None = None
        self._cue = [self._markers.start, *tokenizer.encode(f"{AGENT}\n")]

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """System prompt with the tools' schemas, as chat templates write them, and task."""
        schemas = "".join(f"\n{json.dumps(_schema(tool), ensure_ascii=False)}" for tool in tools)
        first, *others = messages
        shown = [replace(first, content=f"{first.content}\n\n# Tools\n{schemas}"), *others]
        return Extension([self._message(message) for message in shown], self._cue)

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The messages; a turn that was cut is ended first."""
        closing = [] if completion.token_ids[-1:] == [self._markers.end] else [self._markers.end]
        pieces = [self._message(message) for message in messages]
        return Extension([closing + pieces[0], *pieces[1:]], self._cue)

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """The calls of a list, or the answer."""
        ids = [one for one in completion.token_ids if one != self._markers.end]
        if completion.finish_reason == "length":
            return Parsed("", parse="truncated")
        if ids[:1] != [self._markers.calls]:
            answer = self._tokenizer.decode(ids)
            return Parsed(answer, answer=answer or None, parse="ok" if answer else "empty")
        calls = json.loads(self._tokenizer.decode(ids[1:]))
        numbered = (ToolCall(f"call_{at}", one["name"], one["arguments"]) for at, one in enumerate(calls))
        return Parsed("", calls=tuple(numbered))

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The end of a message is the only stop."""
        return replace(sampling, stop_token_ids=(self._markers.end,))

    def written(self, calls: Sequence[ToolCall] | None, answer: str) -> list[int]:
        """The ids that an agent samples for these calls, or for its answer if it makes none."""
        if calls is None:
            return [*self._tokenizer.encode(answer), self._markers.end]
        rows = [{"name": call.name, "arguments": call.arguments} for call in calls]
        return [self._markers.calls, *self._tokenizer.encode(json.dumps(rows, ensure_ascii=False)), self._markers.end]

    def read(self, ids: Sequence[int]) -> Iterator[Shown]:
        """The finished messages of a stream, or of a part of one that starts between two messages."""
        start, end, calls = self._markers
        opened = -1
        for at, token in enumerate(ids):
            if token == start:
                opened = at
            elif token == end and opened >= 0:
                inner = [one for one in ids[opened + 1 : at] if one != calls]
                role, _, text = self._tokenizer.decode(inner).partition("\n")
                yield Shown(role, text, calls in ids[opened + 1 : at])
                opened = -1

    def _message(self, message: Message) -> list[int]:
        head, text = (self._tokenizer.encode(one) for one in (f"{message.role}\n", message.content))
        return [self._markers.start, *head, *text, self._markers.end]


def _schema(tool: ToolSpec) -> dict[str, object]:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
