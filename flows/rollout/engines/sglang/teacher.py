"""The SGLang teacher sends prompts as token ids and receives sampled token ids with their log-probabilities.

It talks to the native /generate endpoint: SGLang's OpenAI-compatible endpoints return text only. Requests go through
the server pool, so a session stays with the server that holds its prefix.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson

from flows.rollout.engines.servers.connect import connected
from flows.rollout.engines.servers.context_limit import sample_within
from flows.rollout.engines.servers.health_checks import HealthChecks
from flows.rollout.engines.servers.http_client import HttpClient, field
from flows.rollout.engines.servers.prompt_json import PromptEncoder
from flows.rollout.engines.servers.server_pool import ServerPool
from flows.rollout.engines.sglang.generate import generate_request, parse_generated
from flows.rollout.engines.sglang.handshake import SglangInfo, handshake
from flows.rollout.engines.sglang.metrics import read_load
from flows.rollout.protocol import Completion, Sampling
from flows.rollout.server_load import Load
from flows.settings import Teacher


class SglangTeacher:
    """One or more SGLang servers of one model; a session stays with one server while that server is up."""

    def __init__(self, pool: ServerPool, info: SglangInfo) -> None:
        self.identity = info.identity
        self._pool = pool
        self._info = info
        self._prompts = PromptEncoder()

    def server(self, session: str) -> str:
        """URL of the server that the session's next generation goes to."""
        return self._pool.server(session)

    def loads(self) -> list[Load]:
        """The load of every server, read from /health and /metrics about a second ago."""
        return self._pool.loads()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion, of at most the tokens that the context window leaves.

        A server that turns out to have a smaller window than it reports lowers `identity.context`. Raises
        ContextExceeded when the prompt fills the window, TeacherRefused where else a retry cannot help, and
        TeacherError after the last try.
        """
        started, prompt = time.monotonic(), self._prompts.encode(prompt_ids, session)

        def read(raw: bytes) -> Completion:
            return parse_generated(raw, prompt, sampling, time.monotonic() - started)

        async def sample(fitted: Sampling) -> Completion:
            body = generate_request(prompt, fitted, self._info.adapter)
            return await self._pool.request(session, "/generate", body, read)

        return await sample_within(self, prompt_ids, sampling, sample)

    async def encode(self, text: str) -> list[int]:
        """Token ids from the server's own tokenizer, no special tokens added."""
        body = {"model": self._info.served_model, "prompt": text, "add_special_tokens": False}
        ids: list[int] = await self._pool.request("", "/tokenize", (orjson.dumps(body),), field("tokens", list))
        return ids

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens included."""
        body = {"model": self._info.served_model, "tokens": list(token_ids), "skip_special_tokens": False}
        return str(await self._pool.request("", "/detokenize", (orjson.dumps(body),), field("text", str)))


@asynccontextmanager
async def connect_sglang(
    client: HttpClient, urls: Sequence[str], settings: Teacher, checks: HealthChecks | None = None
) -> AsyncIterator[SglangTeacher]:
    """A teacher over running servers. Servers that are down at the start join the pool when they come up.

    Raises TeacherRefused when the servers serve different models or lack a required feature, TeacherError when every
    server is down.
    """
    pool = ServerPool(client, urls, None, checks, read_load)
    async with connected(urls, pool, lambda url: handshake(client, url, settings)) as info:
        yield SglangTeacher(pool, info)
