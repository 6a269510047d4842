"""The chat dialect: a conversation as a model family's own chat tokens, by way of `renderers`.

The stream only ever grows: history is never rendered again, and what was sampled stays as it was sampled,
reasoning included. Where a renderer would render anew, the dialect appends what follows a finished turn
instead, or refuses; and text of a page that looks like a special token stays text.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from flows.domains.contract import ToolSpec
from flows.rollout.dialects.tool_calls import ToolSet, calls, specs
from flows.rollout.protocol import Completion, Extension, Message, Parsed, Sampling, TeacherError, TeacherRefused
from flows.tokenizing.literal_tokenizer import Literal
from schemas.record import sha256_text

KEPT = "all"
"""Reasoning of earlier turns stays in the stream, across user messages too."""
CALL = re.compile(r"<\W?tool_call|<function=|<invoke|\"arguments\"\s*:")
"""What a call looks like where it does not count: within reasoning."""


USER: list[dict[str, Any]] = [{"role": "user", "content": "a b"}]
MAX_TOOL_SETS = 64
"""Sets of tools that are kept ready."""


class NotAppended(TeacherError):
    """A renderer gave a stream that does not begin with the one before it."""


class ChatDialect:
    """A `renderers` renderer as a dialect; `tokenizer` is a Hugging Face tokenizer."""

    name = "chat"
    reasoning_policy = KEPT

    def __init__(self, tokenizer: Any, renderer: str) -> None:
        self._literal = Literal(tokenizer)
        self._renderer = _renderer(self._literal, renderer)
        template = getattr(tokenizer, "chat_template", None) or ""
        self.renderer = f"{self._renderer.config.name} (renderers {version('renderers')})"
        self.template_sha256 = sha256_text(f"{template}\x00{self._renderer.config.model_dump_json()}")
        self.vocabulary_sha256: str | None = self._literal.vocabulary_sha256()
        self._tool_sets: dict[tuple[tuple[str, int], ...], ToolSet] = {}
        self._extender = self._renderer
        self._ended = self._turn_ended()
        self._extender = self._lean(tokenizer)

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The stream's first ids, one piece a message."""
        rendered = self._renderer.render(self._rows(messages), tools=specs(tools), add_generation_prompt=True)
        return _pieces(rendered.token_ids, rendered.message_indices, len(messages))

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """What the messages add; raises NotAppended or TeacherRefused rather than change what is there.

        Of the stream only its last turn is looked at: what that costs does not grow with the episode.
        """
        rows = self._rows(messages)
        prompt = completion.prompt_ids or list(stream[: len(stream) - len(completion.token_ids)])
        extension = self._bridged(prompt, completion.token_ids, rows)
        if extension is None:
            extension = self._bridged(self._ended[:-1], self._ended[-1:], rows)
            if extension and completion.token_ids[-1:] != self._ended[-1:] and completion.finish_reason == "length":
                extension.pieces[0][:0] = self._ended[-1:]
        if extension is None:
            raise TeacherRefused(f"renderer {self.renderer} cannot append {[row['role'] for row in rows]}")
        return extension

    def _bridged(self, prompt: list[int], sampled: list[int], rows: list[dict[str, Any]]) -> Extension | None:
        bridged = self._extender.bridge_to_next_turn(prompt, sampled, rows)
        if bridged is None:
            return None
        before = [*prompt, *sampled]
        if bridged.token_ids[: len(before)] != before:
            raise NotAppended(f"renderer {self.renderer} changed the stream that it was to extend; this is its fault")
        return _pieces(bridged.token_ids[len(before) :], bridged.message_indices[len(before) :], len(rows))

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Read reasoning, words and calls; calls are there only when every one of them can be made.

        Of `prompt_ids` it needs the end alone: whether the prompt opened the reasoning.
        """
        tool_set = self._tool_set(tools)
        said = self._renderer.parse_response(
            completion.token_ids, tools=tool_set.specs, prompt_ids=completion.prompt_ids
        )
        parsed = Parsed(said.content.strip(), said.reasoning_content or None)
        fault = _cut(said) if completion.finish_reason == "length" else tool_set.fault(said.tool_calls)
        if fault:
            return replace(parsed, parse=fault)
        if said.tool_calls:
            return replace(parsed, calls=calls(said.tool_calls, completion))
        if parsed.content:
            return replace(parsed, answer=parsed.content)
        return replace(parsed, parse=_silent(said))

    def _tool_set(self, tools: Sequence[ToolSpec]) -> ToolSet:
        """The tools made ready, once for all who are offered the same."""
        key = tuple((tool.name, id(tool.parameters)) for tool in tools)
        if key not in self._tool_sets:
            if len(self._tool_sets) >= MAX_TOOL_SETS:
                self._tool_sets.clear()
            self._tool_sets[key] = ToolSet(tools)
        return self._tool_sets[key]

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens kept."""
        return str(self._literal.decode(list(token_ids), skip_special_tokens=False))

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """Stops at the renderer's ends of a turn."""
        return replace(sampling, stop_token_ids=tuple(self._renderer.get_stop_token_ids()))

    def _rows(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        return [self._row(message) for message in messages]

    def _row(self, message: Message) -> dict[str, Any]:
        row = {"role": message.role, "content": self._literal.guard(message.content)}
        named = {"name": message.tool, "tool_call_id": message.call_id}
        return row | {key: value for key, value in named.items() if value}

    def _turn_ended(self) -> list[int]:
        """A turn that has just ended: stands in for a stream that the renderer would rather render anew."""
        stops = self._renderer.get_stop_token_ids()
        ids = [*self._renderer.render_ids([{"role": "user", "content": "-"}]), *stops[:1]]
        row = {"role": "tool", "content": "-", "name": "tool", "tool_call_id": "call"}
        if not stops or self._bridged(ids[:-1], ids[-1:], [row]) is None:
            known = "a model family's own, as `renderers` names it (qwen3, glm-5, gpt-oss, ...)"
            raise TeacherRefused(f"renderer {self.renderer} cannot extend a stream; set teacher.renderer to {known}")
        return ids

    def _lean(self, tokenizer: Any) -> Any:
        """The renderer without character offsets, a third of the work of a turn, if it tells messages apart without."""
        with_offsets, without = self._renderer, _renderer(Literal(tokenizer, offsets=False), self._renderer.config.name)
        rows = [{"role": "tool", "content": f"{text}.", "name": "tool", "tool_call_id": text} for text in ("a", "b c")]
        seen = []
        for self._extender in (with_offsets, without):
            seen.append([self._bridged(self._ended[:-1], self._ended[-1:], one) for one in (rows, rows[:1], USER)])
        return without if seen[0] == seen[1] else with_offsets


def open_chat(tokenizer: str, renderer: str) -> ChatDialect:
    """The chat dialect of a tokenizer (a Hub name or a folder); raises TeacherRefused saying what to set."""
    from renderers.base import load_tokenizer

    try:
        loaded = load_tokenizer(tokenizer)
    except (OSError, ValueError) as error:
        raise TeacherRefused(f"tokenizer {tokenizer} cannot be loaded ({error}); set teacher.tokenizer") from error
    return ChatDialect(loaded, renderer)


def _renderer(tokenizer: Any, name: str) -> Any:
    from renderers import AutoRendererConfig, config_from_name, create_renderer

    try:
        config = AutoRendererConfig(thinking_retention=KEPT)
        if name != "auto":
            config = type(config_from_name(name))(thinking_retention=KEPT)
        return create_renderer(tokenizer, config)
    except (ValueError, NotImplementedError, AssertionError, OSError) as error:
        raise TeacherRefused(f"no renderer for {tokenizer.name_or_path}: {error}; set teacher.renderer") from error


def _pieces(ids: list[int], owners: list[int], count: int) -> Extension:
    """Ids by message, in the stream's order: what stands between belongs to the message before, the end is the cue."""
    end = len(ids)
    while end and owners[end - 1] < 0:
        end -= 1
    starts = [end]
    for message in range(count - 1, 0, -1):
        begun = owners.index(message) if message in owners else end
        starts.append(min(begun, starts[-1]))
    bounds = [0, *reversed(starts)]
    return Extension([ids[start:stop] for start, stop in pairwise(bounds)], ids[end:])


def _cut(said: Any) -> str:
    """Where the token limit cut a completion."""
    if said.tool_calls and said.tool_calls[-1].status == "unclosed_block":
        return "truncated_call"
    return "truncated_reasoning" if said.reasoning_complete is False else "truncated"


def _silent(said: Any) -> str:
    """What a completion without words and calls holds."""
    if CALL.search(said.reasoning_content or ""):
        return "call_in_reasoning"
    return "unclosed_reasoning" if said.reasoning_complete is False else "empty"
