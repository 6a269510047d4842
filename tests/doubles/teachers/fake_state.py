"""Settings and counters of the fake vLLM server, which its endpoints read and update."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_kv import KvCache, Queue
from tests.doubles.teachers.fake_replies import Body, Fault, agent_reply

Reply = Callable[[list[int], Body], str]
"""(prompt ids, request body) -> the text to sample, special tokens by name; the server appends the end of the turn."""
Health = Literal["ok", "503", "silent"]


@dataclass(frozen=True)
class Exchange:
    """One completion: the prompt ids that the server received, the ids that it sampled, and the request's body."""

    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    body: Body


@dataclass
class FakeState:
    """The behaviour of the server, which tests may change at any time, and its counters."""

    url: str = ""
    model: str = "tiny-qwen3"
    root: str | None = None
    """Path of the model on the server; None: as its name."""
    adapters: dict[str, str] = field(default_factory=dict)
    """Name of an adapter -> its parent; their cards have no context window."""
    version: str = "0.32.0"
    context: int = 32_768
    window: int | None = None
    """The context window in force, if it is smaller than the card says."""
    too_long: str = ""
    """Message of the 400 for a request that exceeds the window, which may name window, prompt and total; "": the
    engine's own."""
    delay_s: float = 0.0
    """Seconds per completion."""
    prefill_s: float = 0.0
    """Additional seconds per prompt token that is not in the KV cache."""
    decode_s: float = 0.0
    """Additional seconds per sampled token."""
    kv_tokens: int | None = None
    """Capacity of the KV cache in tokens. None: 64 contexts. 0: no cache, and no cache metrics."""
    block_size: int = 16
    max_running: int = 1_000_000
    """Completions that run at the same time; the others wait."""
    health: Health = "ok"
    """The reply of /health: 200, 503 or none."""
    crashes: bool = False
    """True if a completion request kills the server, which restarts 0.1 s later."""
    tls: ssl.SSLContext | None = None
    """Serves https with this context."""
    metrics: bool = True
    """True if the server has /metrics."""
    api_key: str | None = None
    template: str | None = tiny.QWEN3_TEMPLATE
    """The chat template with which /tokenize renders messages; None: it takes text only, as old servers do."""
    adds_bos: bool = False
    """True if the tokenizer starts every text with <|endoftext|>."""
    reply: Reply = field(default_factory=lambda: agent_reply)
    faults: deque[Fault] = field(default_factory=deque)
    """Faults of the next completion requests, one each."""
    always: Fault | None = None
    """A fault of every completion request."""
    retry_after: str = "0"
    exchanges: list[Exchange] = field(default_factory=list)
    """Every completion that was sent back whole and undamaged."""
    keep_exchanges: bool = True
    """False saves memory in long benchmarks."""
    requests: int = 0
    """Completion requests, also those that were answered with a fault."""
    sampled: int = 0
    """Sampled completions, also those that were damaged or cut on their way back."""
    in_flight: int = 0
    most_in_flight: int = 0
    aborted: list[int] = field(default_factory=list)
    """Number of ids of every generation that it ended early."""
    rejected_fields: frozenset[str] = frozenset()
    """Fields of a request that are answered with 400."""

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Empty the cache and the queue, and set the token counter to 0, as a restart does."""
        tokens = self.context * 64 if self.kv_tokens is None else self.kv_tokens
        self.sampled_tokens, self.queue = 0, Queue(KvCache(tokens, self.block_size), self.max_running)
        self.ending = asyncio.Event()

    def crash(self) -> None:
        """Kill and restart the server, if it runs."""
