"""A scripted teacher and a small dialect over the tiny tokenizer, so that loop tests need no server.

The teacher samples the text of a script, a function of the prompt's text and the seed, and records every exchange. The
dialect writes turns between `<|im_start|>` and `<|im_end|>`, and tool calls as JSON.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.protocol import (
    NO_THINKING,
    Completion,
    Dialect,
    Extension,
    Identity,
    Message,
    Parsed,
    Sampling,
    Teacher,
)
from flows.rollout.server_load import Load
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny

Script = Callable[[str, int], str]
"""(text of the prompt, seed) -> the teacher's text, without the end of its turn."""
CUE = tiny.encode("<|im_start|>assistant\n")


def call(name: str, /, **arguments: object) -> str:
    """The text of a tool call."""
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


def spoken(prompt: str) -> int:
    """Number of assistant turns before the one to be sampled."""
    return prompt.count("<|im_start|>assistant\n") - 1


@dataclass
class ScriptedTeacher:
    """Samples the text of the script; `failing` runs first and may raise or sleep."""

    script: Script
    identity: Identity = field(default_factory=lambda: Identity("scripted", "1", "scripted", None, 32_768))
    exchanges: list[tuple[list[int], list[int]]] = field(default_factory=list)
    """Prompt ids and sampled ids of every completion."""
    delay_s: float = 0.0
    failing: Callable[[str], None] = lambda prompt: None

    def server(self, session: str) -> str:
        return "scripted"

    def loads(self) -> list[Load]:
        return [Load("scripted")]

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """One scripted completion; its log-probabilities follow from its ids."""
        await asyncio.sleep(self.delay_s)
        prompt = tiny.decode(prompt_ids)
        self.failing(prompt)
        ids = [*tiny.encode(self.script(prompt, sampling.seed)), tiny.IM_END]
        reason = "stop" if len(ids) <= sampling.max_tokens else "length"
        ids = ids[: sampling.max_tokens]
        self.exchanges.append((list(prompt_ids), ids))
        return Completion(ids, [-token / 512 for token in ids], reason, prompt_ids=list(prompt_ids), seconds=0.25)

    async def encode(self, text: str) -> list[int]:
        return tiny.encode(text)

    async def decode(self, token_ids: Sequence[int]) -> str:
        return tiny.decode(token_ids)


class TinyDialect:
    """Turns between special tokens; call ids are numbered by place, so that a replay gives the same ids."""

    name = "chat"
    renderer = "tiny"
    template_sha256 = hashlib.sha256(b"tiny").hexdigest()
    vocabulary_sha256: str | None = hashlib.sha256(b"bytes").hexdigest()
    reasoning_policy = "kept"
    thinking = NO_THINKING

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """System and user message."""
        return Extension([_message_ids(message) for message in messages], CUE)

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The messages; a truncated turn is ended first."""
        pieces = [_message_ids(message) for message in messages]
        closing = tiny.encode("\n") if completion.token_ids[-1:] == [tiny.IM_END] else tiny.encode("<|im_end|>\n")
        return Extension([closing + pieces[0], *pieces[1:]], CUE)

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Parse reasoning, and tool calls or an answer."""
        text = tiny.decode(completion.token_ids).removesuffix("<|im_end|>")
        thought, _, rest = text.rpartition("</think>")
        if completion.finish_reason == "length":
            return Parsed(rest, parse="cut")
        if "<tool_call>" not in rest:
            return Parsed(rest, thought.removeprefix("<think>") or None, answer=rest.strip())
        return _calls(rest, thought.removeprefix("<think>") or None)

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The end of a turn is the only stop."""
        return replace(sampling, stop_token_ids=(tiny.IM_END,))


def _calls(text: str, thought: str | None) -> Parsed:
    content, *raw = text.split("<tool_call>")
    try:
        parsed = [json.loads(one.split("</tool_call>")[0]) for one in raw]
        calls = tuple(ToolCall(f"call_{i}", str(one["name"]), dict(one["arguments"])) for i, one in enumerate(parsed))
    except (ValueError, KeyError, TypeError):
        return Parsed(text, thought, parse="bad_json")
    return Parsed(content, thought, calls)


def _message_ids(message: Message) -> list[int]:
    return [tiny.IM_START, *f"{message.role}\n{message.content}".encode(), tiny.IM_END, *b"\n"]


def opening(teacher: Teacher) -> Callable[[TeacherSettings, Path], AbstractAsyncContextManager[Teacher]]:
    """An `open_teacher` that yields this teacher."""

    @asynccontextmanager
    async def open_teacher(settings: TeacherSettings, logs: Path) -> AsyncIterator[Teacher]:
        yield teacher

    return open_teacher


def open_tiny_dialect(settings: TeacherSettings, teacher: Teacher) -> Dialect:
    """An `open_dialect` that returns a TinyDialect."""
    return TinyDialect()
