"""The dialect of an API without token ids: messages go as the API's own structures, and calls come back as such.

Nothing is rendered here; the API does that. What it sent is kept and sent back unchanged, reasoning and signatures
included, so an attempt that resumes from the journal sends the same conversation.
"""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.tool_calls import ToolSet, tool_calls
from flows.rollout.engines.chat.api import Api, Json
from flows.rollout.protocol import NO_THINKING, Completion, Extension, Message, Parsed, Sampling, Thinking
from schemas.record import sha256_text

REFUSALS = frozenset({"refusal", "content_filter"})


class MessagesDialect:
    """Messages in the form of one API."""

    name = "chat"
    reasoning_policy = "as_the_api"
    vocabulary_sha256: str | None = None

    def __init__(self, api: Api, fields: Json) -> None:
        """`fields` are the request fields of the settings: they shape every turn, so they are part of the setup."""
        self._api = api
        shaping = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()
        self.renderer = api.renderer
        self.template_sha256 = sha256_text(f"{api.renderer}\x00{shaping}")
        self.thinking: Thinking = {**NO_THINKING, **({"request_fields": shaping} if fields else {})}

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The first messages."""
        return _extension([self._api.opening(message) for message in messages])

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The messages that follow the completion's."""
        return _extension(self._api.answers(_message(completion), messages))

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Content, reasoning and calls; one invalid call makes all calls of the message invalid."""
        parts = self._api.parts(_message(completion))
        parsed = Parsed(parts.content.strip(), parts.reasoning)
        if completion.finish_reason in REFUSALS:
            return replace(parsed, parse="refused")
        if completion.finish_reason == "length":
            unfinished = "truncated" if parsed.content else "truncated_reasoning"
            return replace(parsed, parse="truncated_call" if parts.calls else unfinished)
        if failure := ToolSet(tools).failure(parts.calls):
            return replace(parsed, parse=failure)
        if parts.calls:
            return replace(parsed, calls=tool_calls(parts.calls, completion))
        return replace(parsed, answer=parsed.content) if parsed.content else replace(parsed, parse="empty")

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The sampling with the parameters that the settings leave to the API marked as the API's."""
        sources = {name: source if source == "settings" else "api" for name, source in sampling.sources.items()}
        return replace(sampling, sources=sources)


def _extension(turns: Sequence[list[Json]]) -> Extension:
    return Extension([[] for _ in turns], [], [orjson.dumps(messages).decode() for messages in turns])


def _message(completion: Completion) -> Json:
    """The assistant's message of a completion."""
    messages: list[Json] = orjson.loads(completion.api_message or "[]")
    return messages[-1]
