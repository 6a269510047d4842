"""The chat dialect renders a conversation with a model's chat template and parses reasoning and tool calls.

It uses the `renderers` library. The token stream only grows: history is never rendered again, and sampled ids stay
as they were sampled, reasoning included. Where a renderer would render the history anew, the dialect appends the
text that follows a finished turn instead, or raises. Text of a page that looks like a special token is encoded as
text.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from flows.domains.contract import ToolSpec
from flows.rollout.dialects.tool_calls import ToolSet, template_specs, tool_calls
from flows.rollout.protocol import Completion, Extension, Message, Parsed, Sampling, TeacherError, TeacherRefused
from flows.tokenizing.literal_tokenizer import LiteralTokenizer
from schemas.record import sha256_text

THINKING_RETENTION = "all"
"""Reasoning of earlier turns stays in the stream, across user messages too."""
CALL_PATTERN = re.compile(r"<\W?tool_call|<function=|<invoke|\"arguments\"\s*:")
"""The start of a tool call; inside reasoning it does not count as a call."""
MAX_TOOL_SETS = 64
"""Tool sets that are cached with their compiled schemas."""
USER_TURN: list[dict[str, Any]] = [{"role": "user", "content": "a b"}]


class HistoryRewritten(TeacherError):
    """A renderer returned a stream that does not start with the stream it had to extend."""


class ChatDialect:
    """A renderer of `renderers` as a dialect; `tokenizer` is a Hugging Face tokenizer."""

    name = "chat"
    reasoning_policy = THINKING_RETENTION

    def __init__(self, tokenizer: Any, renderer: str) -> None:
        self._literal = LiteralTokenizer(tokenizer)
        self._renderer = _renderer(self._literal, renderer)
        template = getattr(tokenizer, "chat_template", None) or ""
        self.renderer = f"{self._renderer.config.name} (renderers {version('renderers')})"
        self.template_sha256 = sha256_text(f"{template}\x00{self._renderer.config.model_dump_json()}")
        self.vocabulary_sha256: str | None = self._literal.vocabulary_sha256()
        self._tool_sets: dict[tuple[tuple[str, int], ...], ToolSet] = {}
        self._extender = self._renderer
        self._finished_turn = self._render_finished_turn()
        self._extender = self._fastest_renderer(tokenizer)

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The first ids of the stream, one piece per message."""
        rows = self._rows(messages)
        rendered = self._renderer.render(rows, tools=template_specs(tools), add_generation_prompt=True)
        return _split(rendered.token_ids, rendered.message_indices, len(messages))

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The ids that the messages append to the stream.

        Only the last turn of the stream is read, so the cost does not grow with the episode. Raises HistoryRewritten
        or TeacherRefused when the renderer cannot append without changing earlier ids.
        """
        rows = self._rows(messages)
        prompt = completion.prompt_ids or list(stream[: len(stream) - len(completion.token_ids)])
        extension = self._bridge(prompt, completion.token_ids, rows)
        if extension is None:
            extension = self._bridge(self._finished_turn[:-1], self._finished_turn[-1:], rows)
            end = self._finished_turn[-1:]
            if extension and completion.token_ids[-1:] != end and completion.finish_reason == "length":
                extension.pieces[0][:0] = end
        if extension is None:
            raise TeacherRefused(f"renderer {self.renderer} cannot append {[row['role'] for row in rows]}")
        return extension

    def _bridge(self, prompt: list[int], sampled: list[int], rows: list[dict[str, Any]]) -> Extension | None:
        bridged = self._extender.bridge_to_next_turn(prompt, sampled, rows)
        if bridged is None:
            return None
        before = [*prompt, *sampled]
        if bridged.token_ids[: len(before)] != before:
            raise HistoryRewritten(f"renderer {self.renderer} changed the stream that it had to extend: a bug in it")
        return _split(bridged.token_ids[len(before) :], bridged.message_indices[len(before) :], len(rows))

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Parse reasoning, content and tool calls; one invalid call makes all calls of the message invalid.

        Only the end of `prompt_ids` is needed: it may open the reasoning.
        """
        tool_set = self._tool_set(tools)
        reply = self._renderer.parse_response(
            completion.token_ids, tools=tool_set.specs, prompt_ids=completion.prompt_ids
        )
        parsed = Parsed(reply.content.strip(), reply.reasoning_content or None)
        truncated = completion.finish_reason == "length"
        failure = _truncation(reply) if truncated else tool_set.failure(reply.tool_calls)
        if failure:
            return replace(parsed, parse=failure)
        if reply.tool_calls:
            return replace(parsed, calls=tool_calls(reply.tool_calls, completion))
        if parsed.content:
            return replace(parsed, answer=parsed.content)
        return replace(parsed, parse=_emptiness(reply))

    def _tool_set(self, tools: Sequence[ToolSpec]) -> ToolSet:
        """The cached tool set of these tools. It references their schemas, so that no id() is reused meanwhile."""
        key = tuple((tool.name, id(tool.parameters)) for tool in tools)
        if key not in self._tool_sets:
            if len(self._tool_sets) >= MAX_TOOL_SETS:
                self._tool_sets.clear()
            self._tool_sets[key] = ToolSet(tools)
        return self._tool_sets[key]

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens included."""
        return str(self._literal.decode(list(token_ids), skip_special_tokens=False))

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The sampling with the renderer's end-of-turn tokens as stops."""
        return replace(sampling, stop_token_ids=tuple(self._renderer.get_stop_token_ids()))

    def _rows(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        return [self._row(message) for message in messages]

    def _row(self, message: Message) -> dict[str, Any]:
        row = {"role": message.role, "content": self._literal.guard(message.content)}
        optional = {"name": message.tool, "tool_call_id": message.call_id}
        return row | {key: value for key, value in optional.items() if value}

    def _render_finished_turn(self) -> list[int]:
        """A minimal finished turn, extended in place of a stream that the renderer would otherwise render anew.

        Raises TeacherRefused if the renderer cannot extend even that.
        """
        stops = self._renderer.get_stop_token_ids()
        ids = [*self._renderer.render_ids([{"role": "user", "content": "-"}]), *stops[:1]]
        row = {"role": "tool", "content": "-", "name": "tool", "tool_call_id": "call"}
        if not stops or self._bridge(ids[:-1], ids[-1:], [row]) is None:
            names = "the renderer of its model family (qwen3, glm-5, gpt-oss, ...)"
            raise TeacherRefused(f"renderer {self.renderer} cannot extend a stream; set teacher.renderer to {names}")
        return ids

    def _fastest_renderer(self, tokenizer: Any) -> Any:
        """The renderer without character offsets if its pieces are the same: it saves a third of a turn's time."""
        with_offsets = self._renderer
        without = _renderer(LiteralTokenizer(tokenizer, offsets=False), with_offsets.config.name)
        rows = [{"role": "tool", "content": f"{text}.", "name": "tool", "tool_call_id": text} for text in ("a", "b c")]
        results = []
        for self._extender in (with_offsets, without):
            turn, end = self._finished_turn[:-1], self._finished_turn[-1:]
            results.append([self._bridge(turn, end, one) for one in (rows, rows[:1], USER_TURN)])
        return without if results[0] == results[1] else with_offsets


def open_chat(tokenizer: str, renderer: str) -> ChatDialect:
    """The chat dialect of a tokenizer (a Hub name or a folder); raises TeacherRefused with the setting to change."""
    from renderers.base import load_tokenizer

    try:
        loaded = load_tokenizer(tokenizer)
    except (OSError, ValueError) as error:
        raise TeacherRefused(f"tokenizer {tokenizer} cannot be loaded ({error}); set teacher.tokenizer") from error
    return ChatDialect(loaded, renderer)


def _renderer(tokenizer: Any, name: str) -> Any:
    from renderers import AutoRendererConfig, config_from_name, create_renderer

    try:
        config = AutoRendererConfig(thinking_retention=THINKING_RETENTION)
        if name != "auto":
            config = type(config_from_name(name))(thinking_retention=THINKING_RETENTION)
        return create_renderer(tokenizer, config)
    except (ValueError, NotImplementedError, AssertionError, OSError) as error:
        raise TeacherRefused(f"no renderer for {tokenizer.name_or_path}: {error}; set teacher.renderer") from error


def _split(ids: list[int], owners: list[int], count: int) -> Extension:
    """Split ids by message. Ids between two messages belong to the first; ids after the last are the cue."""
    end = len(ids)
    while end and owners[end - 1] < 0:
        end -= 1
    starts = [end]
    for message in range(count - 1, 0, -1):
        start = owners.index(message) if message in owners else end
        starts.append(min(start, starts[-1]))
    bounds = [0, *reversed(starts)]
    return Extension([ids[start:stop] for start, stop in pairwise(bounds)], ids[end:])


def _truncation(reply: Any) -> str:
    """The parse failure of a completion that the token limit cut."""
    if reply.tool_calls and reply.tool_calls[-1].status == "unclosed_block":
        return "truncated_call"
    return "truncated_reasoning" if reply.reasoning_complete is False else "truncated"


def _emptiness(reply: Any) -> str:
    """The parse failure of a completion with neither content nor calls."""
    if CALL_PATTERN.search(reply.reasoning_content or ""):
        return "call_in_reasoning"
    return "unclosed_reasoning" if reply.reasoning_complete is False else "empty"
