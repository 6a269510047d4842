"""The interface of teachers without token ids: an API takes the conversation as messages in its own form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import orjson

from flows.environments.tool import ToolSpec
from flows.rollout.protocol import Completion, Sampling, Teacher


@dataclass(frozen=True)
class ChatRequest:
    """The conversation of a request to an API without token ids, and how to continue it."""

    messages: Sequence[str]
    """JSON lists of messages in the API's form, one list per turn."""
    tools: Sequence[ToolSpec]
    sampling: Sampling
    must_answer: bool = False
    """True if no tool may be called any more."""

    def decoded(self) -> list[dict[str, Any]]:
        """The messages in order, each a new object."""
        return [message for turn in self.messages for message in orjson.loads(turn)]


@runtime_checkable
class ChatTeacher(Teacher, Protocol):
    """A teacher that takes messages in place of token ids; `generate`, `encode` and `decode` raise TeacherRefused."""

    async def reply(self, request: ChatRequest, session: str) -> Completion:
        """Sample one completion without token ids, with the errors of `generate`."""
        ...
