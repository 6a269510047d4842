"""The words that the loop and the engines share: what is asked of a teacher and what comes back.

An engine takes prompt ids and returns sampled ids with their log-probabilities. It is the only part
that differs between a vLLM server, the embedded model and a scripted double.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from flows.domains.contract import ToolCall, ToolSpec


class TeacherError(Exception):
    """The teacher could not be reached, or its reply could not be used; says what to do next."""


class TeacherRefused(TeacherError):
    """The teacher can never serve this request (context exceeded, bad settings): trying again is no use."""


@dataclass(frozen=True)
class Sampling:
    """How one completion is sampled. `max_tokens` in tokens; `grammar` as GBNF, where the engine has it."""

    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    grammar: str | None = None
    repeat_limit: int = 0
    """Times on end that a generation may say the same; the engine may cut it there. 0 for any number."""


@dataclass(frozen=True)
class Completion:
    """What the teacher sampled: ids, one log-probability each, and what the prompt cost."""

    token_ids: list[int]
    logprobs: list[float]
    finish_reason: str
    """stop, length when max_tokens cut it, or repetition when the engine cut it for saying the same again and again."""
    prompt_ids: list[int] | None = None
    """The prompt as the server says it saw it, when it says so; checked against what was sent. For a dialect: its
    end, all that stands between this completion and the one before."""
    cached_tokens: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Identity:
    """Who the teacher is, recorded with every trajectory."""

    engine: str
    engine_version: str | None
    model: str
    revision: str | None
    context: int
    """Window in tokens that the server can hold for one sequence."""
    kv_tokens: int | None = None
    """Tokens that the KV caches of all servers hold, where they say."""


@dataclass(frozen=True)
class Load:
    """One server as it last spoke of itself; counters only grow, but begin again with a restarted server."""

    server: str
    up: bool = True
    kv_tokens: int | None = None
    """Tokens that its KV cache holds; None where it does not say."""
    kv_used: float = 0.0
    """Share of the KV cache in use by running sequences, 0 to 1."""
    running: int = 0
    waiting: int = 0
    preemptions: int = 0
    prefix_queries: int = 0
    """Prompt tokens looked up in the prefix cache, and how many of them were found there."""
    prefix_hits: int = 0
    sampled_tokens: int = 0
    refusals: int = 0
    """Replies of 429 or 503 that this client has had from it."""


class Teacher(Protocol):
    """An inference engine; `generate` may be called many times side by side."""

    identity: Identity

    def server(self, session: str) -> str:
        """Which server a session's next generation goes to: its own, or while that is down the next in line."""
        ...

    def loads(self) -> list[Load]:
        """Every server as last heard of, in the settings' order; an engine that cannot tell gives bare Loads."""
        ...

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion; `session` (a trajectory id) pins its prefix cache to one server.

        Passing failures are tried again inside; raises TeacherError when they do not pass.
        """
        ...

    async def encode(self, text: str) -> list[int]:
        """Token ids of plain text, no special tokens added (special tokens written in it are parsed)."""
        ...

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of token ids, special tokens kept."""
        ...


@dataclass(frozen=True)
class Parsed:
    """A completion as reasoning, words, calls and final answer; `parse` is ok or how it failed."""

    content: str
    reasoning: str | None = None
    calls: tuple[ToolCall, ...] = ()
    answer: str | None = None
    parse: str = "ok"


@dataclass(frozen=True)
class Message:
    """A message for the dialect to render: role system, user or tool."""

    role: str
    content: str
    tool: str | None = None
    call_id: str | None = None


@dataclass(frozen=True)
class Extension:
    """Ids that new messages add to the stream: one list a message, then the cue for the agent to speak.

    The cue (the generation prompt) belongs to the assistant turn that follows, as unsampled ids.
    """

    pieces: list[list[int]]
    cue: list[int] = field(default_factory=list)


class Dialect(Protocol):
    """How a conversation becomes tokens, and a completion becomes calls. Only ever appends."""

    name: str
    """chat or text."""
    renderer: str
    template_sha256: str
    vocabulary_sha256: str | None
    """Of the tokenizer, where it is this side that encodes."""
    reasoning_policy: str

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The stream's first ids: system and user message."""
        ...

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """Ids that the messages add after `stream` (which ends with the completion's ids)."""
        ...

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Read a completion; never raises on what a model wrote: `parse` says what was wrong."""
        ...

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The sampling with this dialect's stops and grammar; must_answer: only an answer is allowed."""
        ...
