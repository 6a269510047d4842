"""An inference server with the times of a real one: batches in steps, prefill in chunks between them, a prefix cache.

A step takes STEP_S and a little more for each request that samples and each prompt token that it computes, which is
how engines with continuous batching behave. Its clock shares no code with the simulation that it checks. Replies are
those of the quick server; an attempt has between 2 and `turns` turns, by a hash of its prompt. `/spent` gives the
seconds from the first request to the last reply, and those without any request; `/begin` starts them anew. Run it as a
process (`python -m tests.benchmarks.scale.paced_server --tokenizer FOLDER`); it prints its URL.
"""

import asyncio
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.doubles.teachers.quick_vllm import Connection, Script, main

STEP_S, REQUEST_S, PROMPT_TOKEN_S = 0.03, 0.0005, 0.0002
CHUNK = 2_048
"""Most prompt tokens of one step, vLLM's default."""
BLOCK = 16
"""Tokens of a block of the prefix cache."""


@dataclass
class Request:
    """A request that the engine works on."""

    prompt: int
    """Prompt tokens that are still to be computed."""
    sampled: int
    """Tokens that are still to be sampled."""
    done: "asyncio.Future[None]"


@dataclass
class Engine:
    """Works on all requests in steps; the clock runs ahead of the machine, so that a busy machine delays no step."""

    waiting: list[Request] = field(default_factory=list)
    running: list[Request] = field(default_factory=list)
    first: float = 0.0
    last: float = 0.0
    busy_s: float = 0.0
    _stepping: "asyncio.Task[None] | None" = None

    async def generate(self, prompt: int, sampled: int) -> None:
        """Return when a request of so many new prompt tokens and sampled tokens is done."""
        self.first = self.first or time.monotonic()
        request = Request(prompt, sampled, asyncio.get_running_loop().create_future())
        self.waiting.append(request)
        if self._stepping is None:
            self._stepping = asyncio.create_task(self._steps())
        await request.done

    def begin(self) -> None:
        """Forget the times up to now."""
        self.first = self.last = self.busy_s = 0.0

    async def _steps(self) -> None:
        begun = clock = time.monotonic()
        while self.waiting or self.running:
            clock += self._step()
            await asyncio.sleep(clock - time.monotonic())
            for request in [one for one in self.running if one.sampled <= 0]:
                self.running.remove(request)
                request.done.set_result(None)
            await asyncio.sleep(0)
        self.last = time.monotonic()
        self.busy_s += self.last - begun
        self._stepping = None

    def _step(self) -> float:
        """Sample a token for each running request, compute a chunk of the first prompts; returns the seconds."""
        for request in self.running:
            request.sampled -= 1
        seconds, left = STEP_S + REQUEST_S * len(self.running), CHUNK
        while self.waiting and left:
            taken = min(left, self.waiting[0].prompt)
            self.waiting[0].prompt -= taken
            seconds, left = seconds + taken * PROMPT_TOKEN_S, left - taken
            if self.waiting[0].prompt:
                break
            self.running.append(self.waiting.pop(0))
        return seconds


class PacedScript(Script):
    """The quick server's replies, of at most the tokens that a request allows, after the engine's time."""

    def __init__(self, tokenizer: Any, turns: int, sampled: int) -> None:
        super().__init__(tokenizer, turns, sampled)
        self.engine, self._sampled, self._known = Engine(), sampled, set[int]()

    def get(self, path: bytes) -> bytes:
        """The engine's times at `/spent`, started anew at `/begin`; else as the quick server."""
        if path == b"/begin":
            self.engine.begin()
        if path != b"/spent":
            return super().get(path)
        seconds = self.engine.last - self.engine.first
        return orjson.dumps({"seconds": seconds, "idle": seconds - self.engine.busy_s})

    def turns_of(self, prompt: bytes) -> int:
        """The turns of an attempt, by its prompt up to the first turn."""
        opening = prompt.split(self.cue, 1)[0]
        return 2 + zlib.crc32(opening) % (self.turns - 1)

    async def completed(self, body: bytes) -> bytes:
        """The reply to a completion, when the engine has done it."""
        request = orjson.loads(body)
        sampled = min(request["max_tokens"], self._sampled)
        reply = self.shortened(self.reply(b"/v1/completions", body), sampled)
        ids: list[int] = request["prompt"]
        await self.engine.generate(self._new_tokens(ids), sampled)
        self._new_tokens([*ids, *reply["choices"][0]["token_ids"]])
        return orjson.dumps(reply)

    def shortened(self, raw: bytes, sampled: int) -> dict[str, Any]:
        """The reply cut to so many tokens, as by a limit."""
        reply: dict[str, Any] = orjson.loads(raw)
        choice = reply["choices"][0]
        if sampled < len(choice["token_ids"]):
            choice["token_ids"] = choice["token_ids"][:sampled]
            choice["logprobs"] = {"token_logprobs": choice["logprobs"]["token_logprobs"][:sampled]}
            choice |= {"finish_reason": "length", "stop_reason": None}
        return reply

    def _new_tokens(self, ids: list[int]) -> int:
        """Tokens behind the longest cached prefix, which become cached; at least one is always computed."""
        sum_so_far, cached = 0, 0
        for start in range(0, len(ids) - len(ids) % BLOCK, BLOCK):
            sum_so_far = hash((sum_so_far, *ids[start : start + BLOCK]))
            if sum_so_far in self._known and cached == start:
                cached = start + BLOCK
            self._known.add(sum_so_far)
        return max(1, len(ids) - cached)


class PacedConnection(Connection):
    """A connection whose completions take time; everything else is answered at once."""

    def __init__(self, script: PacedScript) -> None:
        super().__init__(script)
        self._paced, self._tasks = script, set[asyncio.Task[None]]()

    def answer(self, method: bytes, path: bytes, body: bytes) -> None:
        """Answer a request, a completion once its time has passed."""
        if path != b"/v1/completions":
            super().answer(method, path, body)
            return
        task = asyncio.create_task(self._complete(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _complete(self, body: bytes) -> None:
        self.send(await self._paced.completed(body))


if __name__ == "__main__":
    main(__doc__, PacedScript, PacedConnection)
