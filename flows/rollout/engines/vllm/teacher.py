"""vLLM's HTTP, which no other file knows: prompts as token ids, and the ids that it sampled.

Requests go through a fleet, which knows which servers are up; what a turn costs here does not grow with the
square of its episode (`encoded.py`, `completions.py`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson

from flows.rollout.engines.servers.http_client import Wire, field
from flows.rollout.engines.servers.server_pool import Fleet, Keeper, Pace
from flows.rollout.engines.vllm.completions import ask_completion, read_completion
from flows.rollout.engines.vllm.handshake import Met, agreed, meet
from flows.rollout.engines.vllm.metrics import read_load
from flows.rollout.engines.vllm.prompt_json import Prompts
from flows.rollout.protocol import Completion, Load, Sampling, TeacherError, TeacherRefused
from flows.settings import Teacher


class VllmTeacher:
    """One or many vLLM servers of one model; a session stays with one server while that one answers."""

    def __init__(self, fleet: Fleet, met: Met) -> None:
        self.identity = met.identity
        self._fleet = fleet
        self._met = met
        self._prompts = Prompts()

    def server(self, session: str) -> str:
        """The server that the session's next generation goes to."""
        return self._fleet.server(session)

    def loads(self) -> list[Load]:
        """Every server as its /health and /metrics last told, about a second ago."""
        return self._fleet.loads()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion; raises TeacherRefused (context exceeded, ...) or TeacherError after all tries."""
        if not self._met.cuts:
            sampling = replace(sampling, repeat_limit=0)
        started, prompt = time.monotonic(), self._prompts.encode(prompt_ids, session)

        def read(raw: bytes) -> Completion:
            return read_completion(raw, prompt, time.monotonic() - started)

        body = ask_completion(self._met.served, prompt, sampling)
        return await self._fleet.ask(session, "/v1/completions", body, read)

    async def encode(self, text: str) -> list[int]:
        """Token ids as the server's own tokenizer makes them, no special tokens added."""
        body = {"model": self._met.served, "prompt": text, "add_special_tokens": False}
        ids: list[int] = await self._fleet.ask("", "/tokenize", (orjson.dumps(body),), field("tokens", list))
        return ids

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens kept."""
        body = {"model": self._met.served, "tokens": list(token_ids)}
        return str(await self._fleet.ask("", "/detokenize", (orjson.dumps(body),), field("prompt", str)))


@asynccontextmanager
async def connected(
    wire: Wire,
    urls: Sequence[str],
    chosen: Teacher,
    keepers: Mapping[str, Keeper] | None = None,
    pace: Pace | None = None,
) -> AsyncIterator[VllmTeacher]:
    """A teacher over servers that run. Of many some may be away: they join once they are back.

    Raises TeacherRefused when they serve different models, or not what the factory needs; TeacherError when
    none answers.
    """
    found = await asyncio.gather(*(meet(wire, url, chosen) for url in urls), return_exceptions=True)
    told = list(zip(urls, found, strict=True))
    met = {url: one for url, one in told if isinstance(one, Met)}
    away = {url: one for url, one in told if isinstance(one, TeacherError) and not isinstance(one, TeacherRefused)}
    for url, one in told:
        if isinstance(one, BaseException) and (not met or url not in away):
            raise one
    all_can, fleet = agreed(met), Fleet(wire, urls, keepers, pace, read_load)

    async def again(url: str) -> None:
        back = await meet(wire, url, chosen)
        if agreed({**met, url: back}).identity.context < all_can.identity.context or back.cuts < all_can.cuts:
            raise TeacherRefused(f"{url} can do less than the others did at the start")

    async with fleet.watched(again, away):
        held = [load.kv_tokens for load in fleet.loads() if load.kv_tokens is not None]
        identity = replace(all_can.identity, kv_tokens=sum(held) if held else None)
        yield VllmTeacher(fleet, replace(all_can, identity=identity))
