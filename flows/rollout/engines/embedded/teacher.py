"""The teacher for a machine with no GPU: a small model in llama.cpp, in child processes of our own.

One process with one thread a core: two threads in one process slow each other down. Run as a program,
this module is such a process; a crash in native code ends it and not the night.
"""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from flows.process_guard import free_port
from flows.rollout.engines.embedded.model_download import builtin_model, file_sha256
from flows.rollout.engines.servers.child_process import Child, Tell, kept, unheard
from flows.rollout.engines.servers.http_client import Wire, field, parsed
from flows.rollout.engines.servers.http_errors import Malformed
from flows.rollout.engines.servers.server_pool import Fleet
from flows.rollout.protocol import Completion, Identity, Load, Sampling, TeacherError
from flows.settings import Settings

CONTEXT = 4_096
"""Window of a sequence in tokens, unless the settings name one: each slot's cache takes memory at once."""
SLOTS = 2
"""Sequences that one process works on side by side."""
MOST_SERVERS = 4
CACHE_MIB = 512
"""Memory for the caches of sequences that wait for their tools."""
LIKELY = 64
"""How many of the likeliest tokens a look-up of a missing log-probability asks for first."""


class EmbeddedTeacher:
    """llama.cpp servers of one model; a session stays with one of them while that one answers."""

    def __init__(self, fleet: Fleet, identity: Identity, vocabulary: int) -> None:
        self.identity = identity
        self._fleet = fleet
        self._vocabulary = vocabulary

    def server(self, session: str) -> str:
        """The server that the session's next generation goes to."""
        return self._fleet.server(session)

    def loads(self) -> list[Load]:
        """The servers, of which is known whether they are up."""
        return self._fleet.loads()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion; raises TeacherRefused (context exceeded, ...) or TeacherError after all tries.

        It stops at `stop` and at the model's own end tokens; llama.cpp takes no other stop ids.
        """
        prompt = list(prompt_ids)
        reply = await self._ask(session, _request(prompt, sampling))
        ids, known = reply["tokens"], reply.get("completion_probabilities") or []
        logprobs = [float(one["logprob"]) for one in known[: _agreeing(ids, known)]]
        for place in range(len(logprobs), len(ids)):
            logprobs.append(await self._logprob(session, [*prompt, *ids[:place]], ids[place]))
        timings = reply["timings"]
        seconds = (timings["prompt_ms"] + timings["predicted_ms"]) / 1000
        reason = "length" if reply["stop_type"] == "limit" else "stop"
        return Completion(ids, logprobs, reason, None, int(timings["cache_n"]), seconds)

    async def _ask(self, session: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._fleet.ask(session, "/completion", (orjson.dumps(body),), _checked)

    async def _logprob(self, session: str, prompt: list[int], token: int) -> float:
        """What llama.cpp leaves out: the log-probability of a stop word or of a part of a character."""
        for many in (LIKELY, self._vocabulary):
            reply = await self._ask(session, _lookup(prompt, many))
            likeliest = [one for step in reply.get("completion_probabilities", []) for one in step["top_logprobs"]]
            found = [float(one["logprob"]) for one in likeliest if one["id"] == token]
            if found:
                return found[0]
        raise TeacherError(f"llama.cpp gives no log-probability for token {token}; teacher.model may be damaged")

    async def encode(self, text: str) -> list[int]:
        """Token ids, no special tokens added."""
        body = orjson.dumps({"content": text, "add_special": False, "parse_special": True})
        ids: list[int] = await self._fleet.ask("", "/tokenize", (body,), field("tokens", list))
        return ids

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens kept."""
        body = orjson.dumps({"tokens": list(token_ids)})
        return str(await self._fleet.ask("", "/detokenize", (body,), field("content", str)))


def _request(prompt: list[int], sampling: Sampling) -> dict[str, Any]:
    return {
        "prompt": prompt,
        "n_predict": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "samplers": ["temperature", "top_p"],
        "seed": sampling.seed,
        "stop": list(sampling.stop),
        "grammar": sampling.grammar or "",
        "n_probs": 1,
        "return_tokens": True,
        "cache_prompt": True,
    }


def _lookup(prompt: list[int], many: int) -> dict[str, Any]:
    """Asks for the likeliest tokens only: the empty grammar lets the model do nothing but end."""
    ending = {"prompt": prompt, "n_predict": 1, "grammar": 'root ::= ""', "temperature": 0.0}
    return ending | {"n_probs": many, "return_tokens": True, "cache_prompt": True}


def _checked(raw: bytes) -> dict[str, Any]:
    reply = parsed(raw)
    kinds: dict[str, type] = {"tokens": list, "timings": dict, "stop_type": str}
    if not isinstance(reply, dict) or not all(isinstance(reply.get(name), kind) for name, kind in kinds.items()):
        raise Malformed("llama.cpp's reply holds no token ids")
    return reply


def _agreeing(ids: list[int], known: list[dict[str, Any]]) -> int:
    """How many log-probabilities stand at their token: up to the first token that is a part of a character."""
    return next((at for at, (token, one) in enumerate(zip(ids, known, strict=False)) if token != one["id"]), len(known))


@asynccontextmanager
async def open_embedded(settings: Settings, tell: Tell = unheard) -> AsyncIterator[EmbeddedTeacher]:
    """The embedded teacher for as long as the block runs; raises TeacherError when it cannot be had."""
    chosen = settings.teacher
    model = await asyncio.to_thread(_model, chosen.model)
    window = chosen.context_window if "context_window" in chosen.model_fields_set else CONTEXT
    async with AsyncExitStack() as stack:
        children = [_child(settings, model, window, one) for one in range(_servers())]
        for child in children:
            await stack.enter_async_context(kept(child, tell))
        wire = await stack.enter_async_context(Wire(chosen))
        keepers = {child.url: child for child in children}
        card = (await wire.ask(children[0].url, "/v1/models", read=field("data", list)))[0]["meta"]
        revision = chosen.revision or await asyncio.to_thread(file_sha256, model)
        context = min(window, int(card["n_ctx"]))
        identity = Identity("embedded", f"xllamacpp {version('xllamacpp')}", model.stem, revision, context)
        fleet = Fleet(wire, list(keepers), keepers)
        async with fleet.watched():
            yield EmbeddedTeacher(fleet, identity, int(card["n_vocab"]))


def _model(chosen: str | None) -> Path:
    model = Path(chosen).expanduser() if chosen else builtin_model()
    if not model.is_file():
        raise TeacherError(f"teacher.model = {chosen} is no file; name a GGUF file, or use teacher.engine = vllm")
    return model


def _child(settings: Settings, model: Path, window: int, one: int) -> Child:
    port = free_port()
    command = [sys.executable, "-m", "flows.rollout.engines.embedded.teacher", str(model), str(port), str(window)]
    log = settings.state / "logs" / f"embedded-{one}.log"
    return Child(command, f"http://127.0.0.1:{port}", log, restarts=settings.teacher.restarts)


def _servers() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MOST_SERVERS, cores))


def serve(model: str, port: int, window: int) -> None:
    """Serve a GGUF file over HTTP on a loopback port until killed."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * window
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_ram_mib = CACHE_MIB
    params.ui = False
    kept = xllamacpp.Server(params)
    threading.Event().wait()
    del kept


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
