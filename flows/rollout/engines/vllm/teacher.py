"""The vLLM teacher sends prompts as token ids and receives sampled token ids with their log-probabilities.

Requests go through the server pool. The cost of a turn on this side does not grow with the length of its episode:
`prompt_json.py` encodes only new ids, and `completions.py` compares the echoed prompt as text.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from flows.rollout.engines.servers.connect import ServerInfo, connected
from flows.rollout.engines.servers.context_limit import sample_within
from flows.rollout.engines.servers.health_checks import HealthChecks, Supervisor
from flows.rollout.engines.servers.http_client import HttpClient, field
from flows.rollout.engines.servers.prompt_json import PromptEncoder
from flows.rollout.engines.servers.server_pool import ServerPool
from flows.rollout.engines.vllm.completions import completion_request, parse_completion
from flows.rollout.engines.vllm.endings import Endings
from flows.rollout.engines.vllm.handshake import handshake, is_stop
from flows.rollout.engines.vllm.metrics import read_load
from flows.rollout.protocol import Completion, Sampling, TeacherRefused, ids_before
from flows.rollout.server_load import Load
from flows.settings import Teacher

LETTER = "a"
"""A text to tokenize with and without the ids that stand before every text."""


class VllmTeacher:
    """One or more vLLM servers of one model; a session stays with one server while that server is up."""

    def __init__(self, pool: ServerPool, info: ServerInfo, endings: Endings) -> None:
        self.identity = info.identity
        self._pool = pool
        self._info = info
        self._endings = endings
        self._prompts = PromptEncoder()

    def server(self, session: str) -> str:
        """URL of the server that the session's next generation goes to."""
        return self._pool.server(session)

    def loads(self) -> list[Load]:
        """The load of every server, read from /health and /metrics about a second ago."""
        return self._pool.loads()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion, of at most the tokens that the context window leaves.

        A server that turns out to have a smaller window than its card says lowers `identity.context`. Raises
        ContextExceeded when the prompt fills the window, TeacherRefused where else a retry cannot help, and
        TeacherError after the last try.
        """
        if not self._info.detects_repetition:
            sampling = replace(sampling, repeat_limit=0)
        started, prompt = time.monotonic(), self._prompts.encode(prompt_ids, session)

        def read(raw: bytes) -> Completion:
            return parse_completion(raw, prompt, time.monotonic() - started)

        async def check(server: str, completion: Completion) -> None:
            await self._endings.check(server, completion, sampling)

        async def sample(fitted: Sampling) -> Completion:
            body = completion_request(self._info.served_model, prompt, fitted)
            return await self._pool.request(session, "/v1/completions", body, read, check)

        return await sample_within(self, prompt_ids, sampling, sample)

    async def encode(self, text: str) -> list[int]:
        """Token ids from the server's own tokenizer, no special tokens added."""
        return await self._tokenized(text, special=False)

    async def start_ids(self) -> list[int]:
        """The ids that the server's tokenizer puts before every text (BOS), if any."""
        return ids_before(await self.encode(LETTER), await self._tokenized(LETTER, special=True))

    async def _tokenized(self, text: str, *, special: bool) -> list[int]:
        body = {"model": self._info.served_model, "prompt": text, "add_special_tokens": special}
        ids: list[int] = await self._pool.request("", "/tokenize", (orjson.dumps(body),), field("tokens", list))
        return ids

    async def template_ids(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, options: dict[str, Any]
    ) -> list[int] | None:
        """Ids of the messages in the server's own chat template; None if the server has none or is too old."""
        body = {"model": self._info.served_model, "messages": messages, "tools": tools, "add_generation_prompt": True}
        raw = orjson.dumps(body | {"chat_template_kwargs": options, "add_special_tokens": False})
        try:
            ids: list[int] = await self._pool.request("", "/tokenize", (raw,), field("tokens", list))
        except TeacherRefused:
            return None
        return ids

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens included."""
        body = {"model": self._info.served_model, "tokens": list(token_ids)}
        return str(await self._pool.request("", "/detokenize", (orjson.dumps(body),), field("prompt", str)))


@asynccontextmanager
async def connect_vllm(
    client: HttpClient,
    urls: Sequence[str],
    settings: Teacher,
    supervisors: Mapping[str, Supervisor] | None = None,
    checks: HealthChecks | None = None,
) -> AsyncIterator[VllmTeacher]:
    """A teacher over running servers. Servers that are down at the start join the pool when they come up.

    Raises TeacherRefused when the servers serve different models or lack a required feature, TeacherError when every
    server is down.
    """
    pool = ServerPool(client, urls, supervisors, checks, read_load)
    async with connected(urls, pool, lambda url: handshake(client, url, settings)) as info:
        stops = partial(is_stop, client, served_model=info.served_model) if info.forces_tokens else None
        yield VllmTeacher(pool, info, Endings(stops))
