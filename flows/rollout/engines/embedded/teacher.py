"""The embedded teacher for a machine without a GPU, a small GGUF model in llama.cpp child processes.

One process per core with one thread each: two threads in one process slow each other down. This module is also the
program of such a process, so that a crash in native code ends one server and not the rollout.
"""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from flows.process_guard import free_port
from flows.rollout.engines.embedded.model_download import builtin_model
from flows.rollout.engines.servers.child_process import OnProgress, ServerProcess, ignore_progress, supervised
from flows.rollout.engines.servers.http_client import HttpClient, field, parse_json
from flows.rollout.engines.servers.http_errors import GenerationAborted, MalformedReply
from flows.rollout.engines.servers.server_pool import ServerPool
from flows.rollout.protocol import Completion, Identity, Sampling, TeacherError, ids_before
from flows.rollout.sampling import parameters
from flows.rollout.server_load import Load
from flows.settings import Teacher as TeacherSettings
from schemas import sha256_file
from sources.worker_process import available_cores

CONTEXT = 4_096
"""Default context window in tokens: llama.cpp allocates the KV cache of every slot at the start."""
SLOTS = 2
"""Sequences that one process works on at the same time."""
MAX_SERVERS = 4
CACHE_MIB = 512
"""Memory for the prompt caches of idle sequences, such as those that wait for their tools."""
FINISH_REASONS = {"eos": "stop", "word": "stop", "limit": "length"}
"""llama.cpp's stop_type -> finish_reason; any other means that the server cut the generation."""
SAMPLERS = ["penalties", "temperature", "min_p", "top_k", "top_p"]
"""In vLLM's order. Presence and frequency penalties count the prompt too here, as llama.cpp defines them."""
TOP_LOGPROBS = 64
"""Likeliest tokens that the first look-up of a missing log-probability requests."""

LETTER = "a"
"""A text to tokenize with and without the ids that stand before every text."""


class EmbeddedTeacher:
    """llama.cpp servers of one model; a session stays with one of them while that server is up."""

    def __init__(self, pool: ServerPool, identity: Identity, vocabulary: int) -> None:
        self.identity = identity
        self._pool = pool
        self._vocabulary = vocabulary

    def server(self, session: str) -> str:
        """URL of the server that the session's next generation goes to."""
        return self._pool.server(session)

    def loads(self) -> list[Load]:
        """Every server; only `up` is known of its load."""
        return self._pool.loads()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Sample one completion, up to `stop` or an end token of the model; llama.cpp takes no other stop ids.

        Raises TeacherRefused where a retry cannot help (context exceeded, ...), else TeacherError after the last try.
        """
        prompt = list(prompt_ids)
        reply = await self._request(session, _completion_body(prompt, sampling))
        ids, known = reply["tokens"], reply.get("completion_probabilities") or []
        logprobs = [float(one["logprob"]) for one in known[: _count_matching(ids, known)]]
        for place in range(len(logprobs), len(ids)):
            logprobs.append(await self._logprob(session, [*prompt, *ids[:place]], ids[place]))
        timings = reply["timings"]
        seconds = (timings["prompt_ms"] + timings["predicted_ms"]) / 1000
        reason = FINISH_REASONS[reply["stop_type"]]
        return Completion(ids, logprobs, reason, None, int(timings["cache_n"]), seconds)

    async def _request(self, session: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._pool.request(session, "/completion", (orjson.dumps(body),), _read_completion)

    async def _logprob(self, session: str, prompt: list[int], token: int) -> float:
        """Look up a log-probability that llama.cpp leaves out: of a stop word, or of a part of a character."""
        for n_tokens in (TOP_LOGPROBS, self._vocabulary):
            reply = await self._request(session, _lookup_body(prompt, n_tokens))
            likeliest = [one for step in reply.get("completion_probabilities", []) for one in step["top_logprobs"]]
            found = [float(one["logprob"]) for one in likeliest if one["id"] == token]
            if found:
                return found[0]
        raise TeacherError(f"llama.cpp gives no log-probability for token {token}; teacher.model may be damaged")

    async def encode(self, text: str) -> list[int]:
        """Token ids, no special tokens added."""
        return await self._tokenized(text, special=False)

    async def start_ids(self) -> list[int]:
        """BOS where the GGUF file's metadata asks for it (tokenizer.ggml.add_bos_token), else none."""
        return ids_before(await self.encode(LETTER), await self._tokenized(LETTER, special=True))

    async def _tokenized(self, text: str, *, special: bool) -> list[int]:
        body = orjson.dumps({"content": text, "add_special": special, "parse_special": True})
        ids: list[int] = await self._pool.request("", "/tokenize", (body,), field("tokens", list))
        return ids

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens included."""
        body = orjson.dumps({"tokens": list(token_ids)})
        return str(await self._pool.request("", "/detokenize", (body,), field("content", str)))


def _completion_body(prompt: list[int], sampling: Sampling) -> dict[str, Any]:
    return {
        "prompt": prompt,
        "n_predict": sampling.max_tokens,
        **parameters(sampling),
        "repeat_penalty": sampling.repetition_penalty,
        "repeat_last_n": len(prompt) + sampling.max_tokens,
        "samplers": SAMPLERS,
        "seed": sampling.seed,
        "stop": list(sampling.stop),
        "grammar": sampling.grammar or "",
        "n_probs": 1,
        "return_tokens": True,
        "cache_prompt": True,
    }


def _lookup_body(prompt: list[int], n_tokens: int) -> dict[str, Any]:
    """A request for the likeliest next tokens only: under the empty grammar the model can only end."""
    ending = {"prompt": prompt, "n_predict": 1, "grammar": 'root ::= ""', "temperature": 0.0}
    return ending | {"n_probs": n_tokens, "return_tokens": True, "cache_prompt": True}


def _read_completion(raw: bytes) -> dict[str, Any]:
    reply = parse_json(raw)
    kinds: dict[str, type] = {"tokens": list, "timings": dict, "stop_type": str}
    if not isinstance(reply, dict) or not all(isinstance(reply.get(name), kind) for name, kind in kinds.items()):
        raise MalformedReply("llama.cpp's reply holds no token ids")
    if reply["stop_type"] not in FINISH_REASONS:
        raise GenerationAborted(f"llama.cpp cut a generation, stop_type {reply['stop_type']}", len(reply["tokens"]))
    return reply


def _count_matching(ids: list[int], known: list[dict[str, Any]]) -> int:
    """Number of leading log-probabilities that belong to their token; a token that is part of a character has none."""
    return next((at for at, (token, one) in enumerate(zip(ids, known, strict=False)) if token != one["id"]), len(known))


@asynccontextmanager
async def open_embedded(
    settings: TeacherSettings, logs: Path, on_progress: OnProgress = ignore_progress
) -> AsyncIterator[EmbeddedTeacher]:
    """The embedded teacher while the block runs; raises TeacherError when the model is missing or a start fails."""
    model = await asyncio.to_thread(_model_file, settings.model)
    window = settings.context_window if "context_window" in settings.model_fields_set else CONTEXT
    async with AsyncExitStack() as stack:
        servers = [_server_process(settings, logs, model, window, number) for number in range(_n_servers())]
        for server in servers:
            await stack.enter_async_context(supervised(server, on_progress))
        client = await stack.enter_async_context(HttpClient(settings))
        supervisors = {server.url: server for server in servers}
        card = (await client.request(servers[0].url, "/v1/models", read=field("data", list)))[0]["meta"]
        revision = settings.revision or await asyncio.to_thread(sha256_file, model)
        context = min(window, int(card["n_ctx"]))
        identity = Identity("embedded", f"xllamacpp {version('xllamacpp')}", model.stem, revision, context)
        pool = ServerPool(client, list(supervisors), supervisors)
        async with pool.monitored():
            yield EmbeddedTeacher(pool, identity, int(card["n_vocab"]))


def _model_file(setting: str | None) -> Path:
    model = Path(setting).expanduser() if setting else builtin_model()
    if not model.is_file():
        raise TeacherError(f"teacher.model = {setting} is not a file: name a GGUF file, or set teacher.engine = vllm")
    return model


def _server_process(settings: TeacherSettings, logs: Path, model: Path, window: int, number: int) -> ServerProcess:
    port = free_port()
    command = [sys.executable, "-m", "flows.rollout.engines.embedded.teacher", str(model), str(port), str(window)]
    return ServerProcess(
        command, f"http://127.0.0.1:{port}", logs / f"embedded-{number}.log", restarts=settings.restarts
    )


def _n_servers() -> int:
    return max(1, min(MAX_SERVERS, available_cores()))


def serve(model: str, port: int, window: int) -> None:
    """Serve a GGUF file over HTTP on a loopback port until killed; `window` is the context window in tokens."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * window
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_ram_mib = CACHE_MIB
    params.ui = False
    server = xllamacpp.Server(params)
    threading.Event().wait()
    del server


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
