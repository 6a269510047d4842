"""The two interfaces of rollout: teachers (inference engines) sample tokens, dialects turn messages into tokens.

A teacher takes prompt ids and returns sampled ids with their log-probabilities; a vLLM server, the embedded model and a
scripted double differ in nothing else. Tokens are never decoded and encoded again between turns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.server_load import Load
from flows.rollout.usage import Usage, estimated_tokens

Thinking = Mapping[str, bool | str | float | None]
NO_THINKING: Thinking = {"thinking": None, "reasoning_effort": None}
"""Thinking in force where a dialect has none to switch."""


class TeacherError(Exception):
    """The teacher cannot be reached, or its reply cannot be used; the message names the next step."""


class TeacherRefused(TeacherError):
    """The teacher can never serve this request (context exceeded, invalid settings), so it is not retried."""


class ContextExceeded(TeacherRefused):
    """The prompt fills the server's context window of `limit` tokens (None if the server names no number)."""

    def __init__(self, message: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters of one completion, all of them sent with every request: a server fills gaps by its own rules.

    `max_tokens` in tokens; `grammar` in GBNF, for engines that support it.
    """

    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    grammar: str | None = None
    repeat_limit: int = 0
    """Repetitions of a block of tokens in a row at which the engine may stop; 0 for no limit."""
    top_k: int = 0
    """Number of likeliest tokens to sample from; 0 for all."""
    min_p: float = 0.0
    """Least probability of a token, as a share of the likeliest token's."""
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Parameter -> where its value comes from: settings, model (its generation_config.json) or neutral; api where the
    request leaves it out, so that the API chooses."""

    def chosen(self) -> dict[str, float]:
        """The parameters that the settings name."""
        return {name: getattr(self, name) for name, source in self.sources.items() if source == "settings"}


@dataclass(frozen=True)
class Completion:
    """A sampled completion: token ids with one log-probability each, and the cost of its prompt.

    A completion of an API without token ids has `api_message` and `usage` in their place.
    """

    token_ids: list[int]
    logprobs: list[float]
    finish_reason: str
    """`stop`; `length` if `max_tokens` cut it; `repetition` if the engine stopped it at the repeat limit; `refusal` or
    `content_filter` if the model or the provider of an API refused to write it."""
    prompt_ids: list[int] | None = None
    """From a teacher: the prompt as the server reports it, to compare with the prompt sent; None if it reports none.
    For a dialect: the prompt's tail, from the last sampled id on."""
    cached_tokens: int | None = None
    """Prompt tokens found in the prefix cache; None if the server does not report them."""
    seconds: float = 0.0
    stop_reason: int | str | None = None
    """The stop id or stop string that the engine names as the end; None if it names none, as for the model's own."""
    api_message: str | None = None
    """JSON list of the assistant's message in the API's form, which is sent back unchanged."""
    usage: Usage | None = None

    @property
    def n_sampled(self) -> int:
        """Number of sampled tokens, as the API counts them if there are no ids."""
        return self.usage.sampled_tokens if self.usage else len(self.token_ids)


@dataclass(frozen=True)
class Identity:
    """Model and engine of a teacher, recorded with every trajectory."""

    engine: str
    engine_version: str | None
    model: str
    revision: str | None
    context: int
    """Context window in tokens that the server can hold for one sequence."""
    kv_tokens: int | None = None
    """Tokens that the KV caches of all servers hold; None if unknown."""
    defaults: Mapping[str, float] | None = None
    """Sampling parameters in the model's own generation_config.json; None if the file cannot be read here."""
    served: tuple["ServedModel", ...] = ()
    """Everything that the servers offer, adapters included."""
    token_ids: bool = True
    """False for an API that returns text without token ids."""


@dataclass(frozen=True)
class ServedModel:
    """A model or an adapter that a server offers under a name."""

    server: str
    name: str
    root: str | None
    """Hub name or path of the weights."""
    parent: str | None = None
    """Of an adapter: the name of the model that it adapts."""
    context: int | None = None
    """Context window in tokens, of an adapter its parent's; None if the server does not report it."""


class Teacher(Protocol):
    """An inference engine; `generate` may be called many times concurrently."""

    identity: Identity

    def server(self, session: str) -> str:
        """The server of a session's next generation: its own, or the next in order while that one is down."""
        ...

    def loads(self) -> list[Load]:
        """The last known load of every server, in the settings' order; an engine without metrics gives empty Loads."""
        ...

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion; `session` (a trajectory id) pins its prefix cache to one server.

        Transient failures are retried inside. Raises TeacherError if they persist, TeacherRefused on permanent ones.
        """
        ...

    async def encode(self, text: str) -> list[int]:
        """Token ids of plain text; none are added, but special tokens written in the text are parsed."""
        ...

    async def decode(self, token_ids: Sequence[int]) -> str:
        """The text of token ids, special tokens included."""
        ...


@runtime_checkable
class TemplateServer(Protocol):
    """A teacher whose server renders messages with its own chat template."""

    async def template_ids(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, options: dict[str, Any]
    ) -> list[int] | None:
        """Ids of the messages with the generation prompt; `options` go to the template. None if it cannot."""
        ...


@runtime_checkable
class StreamStart(Protocol):
    """A teacher that knows the ids with which its model's texts start."""

    async def start_ids(self) -> list[int]:
        """The ids before any text (BOS) where the model's metadata asks for them, else none."""
        ...


def ids_before(text: Sequence[int], whole: Sequence[int]) -> list[int]:
    """The ids before those of a text in the same text with special tokens; none if it is not in there."""
    for at in range(len(whole) - len(text) + 1):
        if list(whole[at : at + len(text)]) == list(text):
            return list(whole[:at])
    return []


@dataclass(frozen=True)
class Parsed:
    """A completion parsed into reasoning, content, tool calls and final answer."""

    content: str
    reasoning: str | None = None
    calls: tuple[ToolCall, ...] = ()
    answer: str | None = None
    parse: str = "ok"
    """`ok` or the failure, a name of `schemas.trajectory.PARSES`."""


@dataclass(frozen=True)
class Message:
    """A message that the dialect renders; `role` is system, user or tool."""

    role: str
    content: str
    tool: str | None = None
    call_id: str | None = None


@dataclass(frozen=True)
class Extension:
    """Token ids that new messages add to the stream: one list per message, then the generation prompt (`cue`).

    The generation prompt becomes part of the assistant turn that follows, as unsampled ids.
    """

    pieces: list[list[int]]
    cue: list[int] = field(default_factory=list)
    api_messages: list[str] = field(default_factory=list)
    """In place of ids, for an API: one JSON list of messages in its form per message."""

    def split(self) -> list[tuple[list[int], str | None]]:
        """Per message its token ids, and its form for an API."""
        api_messages: Sequence[str | None] = self.api_messages or [None] * len(self.pieces)
        return list(zip(self.pieces, api_messages, strict=True))

    @property
    def n_tokens(self) -> int:
        """Number of tokens that it adds; for an API an estimate, until the API counts them."""
        return sum(map(len, self.pieces)) + len(self.cue) + sum(map(estimated_tokens, self.api_messages))


class Dialect(Protocol):
    """Converts conversations to tokens and completions to tool calls. Streams only grow; nothing is rendered twice."""

    name: str
    """`chat` or `text`."""
    renderer: str
    template_sha256: str
    vocabulary_sha256: str | None
    """Hash of the tokenizer's vocabulary; None if the server tokenizes."""
    reasoning_policy: str
    thinking: Thinking
    """`thinking` (on, off; None: the template has no switch) and `reasoning_effort` in force."""

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The first ids of a stream: system and user message."""
        ...

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The ids that the messages add after `stream`, which ends with the completion's ids."""
        ...

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Parse a completion. Never raises on the model's output: the field `parse` names the failure."""
        ...

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The sampling parameters with this dialect's stops and grammar; `must_answer` allows a final answer only."""
        ...
