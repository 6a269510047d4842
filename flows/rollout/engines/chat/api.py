"""The interface of one API form: OpenAI's chat completions and Anthropic's messages implement it.

A form turns the loop's messages into the API's own, which the journal keeps and which are sent back unchanged; it
writes requests, and reads replies into a message, a reason and the tokens that are billed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from flows.rollout.chat_protocol import ChatRequest
from flows.rollout.protocol import Message
from flows.rollout.usage import Usage

Json = dict[str, Any]
PAUSED = "pause"
"""Reason of a reply that the API will continue when it is sent back."""
SAMPLING = frozenset(
    {"temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty"}
)
"""The sampling parameters among the settings."""


@dataclass(frozen=True)
class ApiCall:
    """A tool call as the API sent it; `status` is ok, or malformed when its arguments are no JSON."""

    id: str
    name: str
    arguments: Any
    status: str = "ok"


@dataclass(frozen=True)
class Parts:
    """The parts of an assistant message."""

    content: str
    reasoning: str | None = None
    calls: list[ApiCall] = field(default_factory=list)


@dataclass(frozen=True)
class Reply:
    """A reply of the API: its message as it is sent back, why it ended, and the tokens that are billed."""

    message: Json
    reason: str
    """`stop`, `length`, `refusal`, `content_filter` or PAUSED."""
    usage: Usage


class Api(Protocol):
    """One API form. Raises MalformedReply on a reply that is not of this form."""

    name: str
    renderer: str
    """Name and version of the form, recorded with each trajectory."""
    parameters: frozenset[str]
    """Sampling parameters that the API takes."""

    def headers(self, key: str | None) -> Mapping[str, str]:
        """Headers of every request."""
        ...

    def endpoint(self, url: str) -> str:
        """The address of generations under a configured url."""
        ...

    def models(self, url: str) -> str:
        """The address of the list of models under a configured url."""
        ...

    def opening(self, message: Message) -> list[Json]:
        """A system or user message in the API's form."""
        ...

    def answers(self, asked: Json, messages: Sequence[Message]) -> list[list[Json]]:
        """The API's messages for each tool result or instruction after the assistant message `asked`.

        Every call of that message gets a result, since both APIs refuse a conversation with an open call.
        """
        ...

    def body(self, model: str, request: ChatRequest) -> Json:
        """The body of a request."""
        ...

    def read(self, raw: bytes) -> Reply:
        """The reply in a body."""
        ...

    def parts(self, message: Json) -> Parts:
        """Content, reasoning and calls of an assistant message."""
        ...

    def thinking_fields(self, thinking: bool | None, effort: str | None) -> Json:
        """The request fields of teacher.thinking and teacher.reasoning_effort; TeacherRefused if it has none."""
        ...


def base_path(url: str) -> tuple[str, str]:
    """A configured address without a slash at its end, and its path."""
    trimmed = url.rstrip("/")
    return trimmed, urlsplit(trimmed).path
