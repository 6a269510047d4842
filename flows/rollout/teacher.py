"""The teacher that the settings name, opened and closed; and vLLM's HTTP, which no other file knows.

vLLM takes prompts as token ids and returns the ids that it sampled. Many OpenAI-style servers answer 200
and ignore what they do not know, so a server is probed once and every reply is checked.
"""

import asyncio
import hashlib
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeGuard

from flows.rollout.engine import (
    Completion,
    Dialect,
    Identity,
    Load,
    Message,
    Sampling,
    Teacher,
    TeacherError,
    TeacherRefused,
)
from flows.rollout.wire import Malformed, Wire, pinned
from flows.settings import Settings


class TokenMismatch(Malformed):
    """The server says that it saw other prompt ids than those that it was sent."""


class VllmTeacher:
    """One or many vLLM servers of one model; a session stays with one server while that one answers."""

    def __init__(self, wire: Wire, urls: Sequence[str], identity: Identity, served: str) -> None:
        self.identity = identity
        self._wire = wire
        self._urls = urls
        self._served = served

    def server(self, session: str) -> str:
        """The server that the session is pinned to."""
        return pinned(self._urls, session)[0]

    def loads(self) -> list[Load]:
        """The servers, of which nothing more is known."""
        return [Load(url) for url in self._urls]

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion; raises TeacherRefused (context exceeded, ...) or TeacherError after all tries."""
        return await self._complete(list(prompt_ids), sampling, session)

    async def probe(self) -> None:
        """Sample two tokens; raises Malformed when they do not come back as ids with log-probabilities."""
        await self._complete([1, 2, 3], Sampling(0.0, 1.0, 2, 0), "probe", forgiving=False)

    async def encode(self, text: str) -> list[int]:
        """Token ids as the server's own tokenizer makes them, no special tokens added."""
        body = {"model": self._served, "prompt": text, "add_special_tokens": False}
        return await self._wire.ask(self._urls, "/tokenize", body, read=_field("tokens", list))

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens kept."""
        body = {"model": self._served, "tokens": list(token_ids)}
        return await self._wire.ask(self._urls, "/detokenize", body, read=_field("prompt", str))

    async def _complete(
        self, prompt: list[int], sampling: Sampling, session: str, forgiving: bool = True
    ) -> Completion:
        started, urls = time.monotonic(), pinned(self._urls, session)

        def read(reply: Any) -> Completion:
            return _completion(reply, prompt, time.monotonic() - started)

        body = self._request(prompt, sampling)
        return await self._wire.ask(urls, "/v1/completions", body, read=read, forgiving=forgiving)

    def _request(self, prompt: list[int], sampling: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._served,
            "prompt": prompt,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            "logprobs": 0,
            "return_token_ids": True,
            "skip_special_tokens": False,
            "add_special_tokens": False,
        }
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.stop_token_ids:
            body["stop_token_ids"] = list(sampling.stop_token_ids)
        if sampling.grammar:
            body["structured_outputs"] = {"grammar": sampling.grammar}
        return body


def _field(name: str, kind: type) -> Callable[[Any], Any]:
    def read(reply: Any) -> Any:
        value = reply.get(name) if isinstance(reply, dict) else None
        if not isinstance(value, kind):
            raise Malformed(f"the reply has no {name}")
        return value

    return read


def _completion(reply: Any, prompt: list[int], seconds: float) -> Completion:
    """The completion in a reply; raises Malformed or TokenMismatch on anything but ids with their logprobs."""
    try:
        choice = reply["choices"][0]
        said, ids, seen = choice.get("logprobs") or {}, choice.get("token_ids"), choice.get("prompt_token_ids")
        logprobs, details = said.get("token_logprobs"), reply.get("usage") or {}
        cached = (details.get("prompt_tokens_details") or {}).get("cached_tokens")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Malformed("the reply holds no completion") from error
    if not _all(ids, int) or not isinstance(seen, list):
        raise Malformed("the reply holds no token ids: the server ignores return_token_ids (vLLM >= 0.10.2 has it)")
    if not _all(logprobs, int | float) or len(logprobs) != len(ids) or not all(map(math.isfinite, logprobs)):
        raise Malformed(f"the reply holds no finite log-probability for each of {len(ids)} sampled ids")
    if seen != prompt:
        raise TokenMismatch(f"the server saw {len(seen)} prompt ids that are not the {len(prompt)} sent")
    reason = "length" if choice.get("finish_reason") == "length" else "stop"
    return Completion(ids, [float(value) for value in logprobs], reason, seen, cached, seconds)


def _all(values: Any, kind: Any) -> TypeGuard[list[Any]]:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def open_teacher(settings: Settings) -> AbstractAsyncContextManager[Teacher]:
    """The teacher of the settings, for as long as the block runs; starts its server where it has to.

    Raises TeacherError when it cannot be had, saying what to do.
    """
    if settings.teacher.engine == "vllm":
        return _open_vllm(settings)
    from flows.rollout.embedded import open_embedded

    return open_embedded(settings)


@asynccontextmanager
async def _open_vllm(settings: Settings) -> AsyncIterator[Teacher]:
    from flows.rollout.serve import served

    chosen = settings.teacher
    async with AsyncExitStack() as stack:
        urls = [url.rstrip("/").removesuffix("/v1") for url in chosen.urls]
        if not urls:
            urls = [await stack.enter_async_context(served(settings))]
        wire = Wire(retries=chosen.retries, timeout_s=chosen.timeout_s, api_key=chosen.api_key)
        await stack.enter_async_context(wire)
        yield await connected(wire, urls, settings)


async def connected(wire: Wire, urls: Sequence[str], settings: Settings) -> VllmTeacher:
    """A teacher over servers that run, each asked who it is and probed for token ids and log-probabilities.

    Raises TeacherRefused when they serve different models, or not what the factory needs.
    """
    found = [await _introduced(wire, url, settings) for url in urls]
    for url, (identity, served) in zip(urls, found, strict=True):
        if (identity.model, served) != (found[0][0].model, found[0][1]):
            raise TeacherRefused(f"{urls[0]} serves {found[0][1]} but {url} serves {served}: name servers of one model")
        try:
            await VllmTeacher(wire, [url], identity, served).probe()
        except Malformed as error:
            raise TeacherRefused(f"{url} cannot teach: {error} Serve the model with vLLM (README).") from error
    smallest = min((identity for identity, _ in found), key=lambda identity: identity.context)
    return VllmTeacher(wire, urls, smallest, found[0][1])


async def _introduced(wire: Wire, url: str, settings: Settings) -> tuple[Identity, str]:
    chosen = settings.teacher
    cards = await wire.ask([url], "/v1/models", read=_field("data", list))
    version = await wire.ask([url], "/version", read=_field("version", str))
    served = [card for card in cards if chosen.model in (None, card.get("id"), card.get("root"))]
    if not served:
        names = ", ".join(str(card.get("id")) for card in cards)
        raise TeacherRefused(f"{url} does not serve teacher.model = {chosen.model}; it serves {names}")
    name, window = str(served[0]["id"]), int(served[0].get("max_model_len") or chosen.context)
    context = min(chosen.context, window)
    return Identity("vllm", version, chosen.model or name, chosen.revision, context), name


def open_dialect(settings: Settings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher; raises TeacherRefused when it cannot be had."""
    chosen = settings.teacher
    if chosen.dialect == "text" or (chosen.dialect == "auto" and chosen.engine == "embedded"):
        from flows.rollout.text_dialect import TextDialect

        return TextDialect(teacher)
    from flows.rollout.dialect import open_chat

    return open_chat(chosen.tokenizer or teacher.identity.model, chosen.renderer)


@contextmanager
def open_writer(settings: Settings) -> Iterator[Callable[[str, str], str]]:
    """A teacher that answers one (system prompt, user text) with text, for composers that need words written.

    The same words give the same seed. Raises TeacherError; blocks, so never call it on an event loop.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="writer", daemon=True)
    thread.start()

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    stack = AsyncExitStack()
    try:
        teacher = wait(stack.enter_async_context(open_teacher(settings)))
        dialect = open_dialect(settings, teacher)
        yield lambda system, user: str(wait(_write(settings, teacher, dialect, system, user)))
    finally:
        wait(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _write(settings: Settings, teacher: Teacher, dialect: Dialect, system: str, user: str) -> str:
    chosen, session = settings.teacher, hashlib.sha256(f"{system}\n{user}".encode()).hexdigest()
    opened = await dialect.open([Message("system", system), Message("user", user)], [])
    prompt = [token for piece in opened.pieces for token in piece] + opened.cue
    room = teacher.identity.context - len(prompt)
    if room < 1:
        raise TeacherRefused(f"a prompt of {len(prompt)} tokens leaves no room in {teacher.identity.context}")
    wish = Sampling(chosen.temperature, chosen.top_p, min(chosen.max_completion, room), int(session[:7], 16))
    sampling = dialect.sampling(wish, must_answer=True, tools=[])
    completion = await teacher.generate(prompt, sampling, session)
    parsed = await dialect.parse(completion, [])
    if parsed.answer is None:
        raise TeacherError(f"the teacher wrote nothing that can be used ({parsed.parse}); raise teacher.max_completion")
    return parsed.answer
