"""The chat dialect: a conversation as a model family's own chat tokens, by way of `renderers`.

The stream only ever grows: history is never rendered again, and what was sampled stays as it was sampled,
reasoning included. Where a renderer would render anew, the dialect appends what follows a finished turn
instead, or refuses; and text of a page that looks like a special token stays text.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from flows.rollout.engine import (
    Call,
    Completion,
    Extension,
    Message,
    Parsed,
    Sampling,
    TeacherError,
    TeacherRefused,
    Tool,
)
from flows.rollout.observation import clean
from schemas.record import content_id, sha256_text

KEPT = "all"
"""Reasoning of earlier turns stays in the stream, across user messages too."""
CUT = "\ufdd0"
"""A code point that no text may hold: cuts text into parts that are encoded apart."""
CALL = re.compile(r"<\W?tool_call|<function=|<invoke|\"arguments\"\s*:")
"""What a call looks like where it does not count: within reasoning."""


class NotAppended(TeacherError):
    """A renderer gave a stream that does not begin with the one before it."""


class ChatDialect:
    """A `renderers` renderer as a dialect; `tokenizer` is a Hugging Face tokenizer."""

    name = "chat"
    reasoning_policy = KEPT

    def __init__(self, tokenizer: Any, renderer: str) -> None:
        self._literal = _Literal(tokenizer)
        self._renderer = _renderer(self._literal, renderer)
        template = getattr(tokenizer, "chat_template", None) or ""
        self.renderer = f"{self._renderer.config.name} (renderers {version('renderers')})"
        self.template_sha256 = sha256_text(f"{template}\x00{self._renderer.config.model_dump_json()}")
        self._ended = self._turn_ended()

    async def open(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Extension:
        """The stream's first ids, one piece a message."""
        rows, specs = self._rows(messages), _specs(tools)
        rendered = self._renderer.render(rows, tools=specs, add_generation_prompt=True)
        return _pieces(rendered.token_ids, rendered.message_indices, len(messages))

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """What the messages add; raises NotAppended or TeacherRefused rather than change what is there."""
        rows, ids = self._rows(messages), list(stream)
        extension = self._bridged(ids, len(completion.token_ids), rows)
        if extension is None:
            extension = self._bridged(self._ended, 1, rows)
            if extension and completion.token_ids[-1:] != self._ended[-1:] and completion.finish_reason == "length":
                extension.pieces[0][:0] = self._ended[-1:]
        if extension is None:
            raise TeacherRefused(f"renderer {self.renderer} cannot append {[row['role'] for row in rows]}")
        return extension

    def _bridged(self, ids: list[int], sampled: int, rows: list[dict[str, Any]]) -> Extension | None:
        start = len(ids) - sampled
        bridged = self._renderer.bridge_to_next_turn(ids[:start], ids[start:], rows)
        if bridged is None:
            return None
        if bridged.token_ids[: len(ids)] != ids:
            raise NotAppended(f"renderer {self.renderer} changed the stream that it was to extend; this is its fault")
        return _pieces(bridged.token_ids[len(ids) :], bridged.message_indices[len(ids) :], len(rows))

    async def parse(self, completion: Completion, tools: Sequence[Tool]) -> Parsed:
        """Read reasoning, words and calls; calls are there only when every one of them can be made."""
        said = self._renderer.parse_response(
            completion.token_ids, tools=_specs(tools), prompt_ids=completion.prompt_ids
        )
        reasoning = said.reasoning_content or None
        parsed = Parsed(said.content.strip(), reasoning)
        if completion.finish_reason == "length":
            return replace(parsed, parse="truncated")
        faults = [fault for fault in (_fault(call, tools) for call in said.tool_calls) if fault]
        if faults:
            return replace(parsed, parse=faults[0])
        if said.tool_calls:
            calls = (_call(call, at, completion) for at, call in enumerate(said.tool_calls))
            return replace(parsed, calls=tuple(calls))
        if parsed.content:
            return replace(parsed, answer=parsed.content)
        return replace(parsed, parse="call_in_reasoning" if CALL.search(reasoning or "") else "empty")

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[Tool]) -> Sampling:
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
        if not stops or self._bridged(ids, 1, [row]) is None:
            known = "a model family's own, as `renderers` names it (qwen3, glm-5, gpt-oss, ...)"
            raise TeacherRefused(f"renderer {self.renderer} cannot extend a stream; set teacher.renderer to {known}")
        return ids


class _Literal:
    """A tokenizer that encodes guarded text part by part, so that none of it becomes a special token."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        added = [token for token in tokenizer.get_added_vocab() if len(token) > 1 and token[0] in "<["]
        self._special = re.compile("|".join(f"(?={re.escape(token)})" for token in added) or "(?!)")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def guard(self, text: str) -> str:
        """The text with a CUT inside everything that looks like a special token."""
        plain = clean(text).replace(CUT, "\ufffd")
        places = [0, *(match.start() + 1 for match in self._special.finditer(plain)), len(plain)]
        return CUT.join(plain[start:end] for start, end in pairwise(places))

    def encode(self, text: str, **options: Any) -> list[int]:
        parts = (self._tokenizer.encode(part, **options) for part in text.split(CUT) if part)
        return [token for ids in parts for token in ids]

    def __call__(self, text: str, **options: Any) -> dict[str, list[Any]]:
        """Ids and, where asked for and known, their offsets in the guarded text."""
        found: dict[str, list[Any]] = {"input_ids": []}
        at = 0
        for part in text.split(CUT):
            encoded = self._tokenizer(part, **options) if part else {"input_ids": []}
            found["input_ids"] += encoded["input_ids"]
            for start, end in encoded.get("offset_mapping", []):
                found.setdefault("offset_mapping", []).append((start + at, end + at))
            at += len(part) + len(CUT)
        return found


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


def _specs(tools: Sequence[Tool]) -> list[dict[str, Any]] | None:
    functions = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in tools]
    return [{"type": "function", "function": function} for function in functions] or None


def _pieces(ids: list[int], owners: list[int], count: int) -> Extension:
    """Ids by message, in the stream's order: what stands between belongs to the message before, the end is the cue."""
    end = len(ids)
    while end and owners[end - 1] < 0:
        end -= 1
    pieces: list[list[int]] = [[] for _ in range(count)]
    at = 0
    for token, owner in zip(ids[:end], owners, strict=False):
        at = max(at, owner)
        pieces[at].append(token)
    return Extension(pieces, ids[end:])


def _fault(call: Any, tools: Sequence[Tool]) -> str | None:
    from jsonschema import Draft202012Validator

    if call.status == "unknown_tool":
        return "unknown_tool"
    if call.status != "ok":
        return "invalid_json"
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        return "unknown_tool"
    arguments = _arguments(call)
    valid = isinstance(arguments, dict) and Draft202012Validator(tool.parameters).is_valid(arguments)
    return None if valid else "invalid_arguments"


def _arguments(call: Any) -> Any:
    """The arguments as plain JSON, with lone surrogates replaced; None when they are no JSON."""
    try:
        said = json.loads(call.arguments) if isinstance(call.arguments, str) else call.arguments
        return json.loads(json.dumps(said, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    except (ValueError, TypeError):
        return None


def _call(call: Any, at: int, completion: Completion) -> Call:
    made = content_id("call", completion.token_ids, completion.logprobs, at)[:9]
    return Call(call.id or f"call_{made}", call.name, _arguments(call))
