"""Names the software that answers at an address, for a handshake that failed because another engine answers.

Inference servers share an OpenAI-compatible surface, so a wrong `teacher.engine` fails late and obscurely. Each server
also has an address of its own that the others lack; these are tried in an order in which no server passes for another.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from flows.rollout.engines.servers.direct_post import Answer
from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.servers.http_errors import MalformedReply, Retryable
from flows.rollout.protocol import TeacherRefused

TIMEOUT_S = 5.0
Fields = dict[str, Any]


@dataclass(frozen=True)
class Software:
    """An inference server and the `teacher.engine` that can use it."""

    name: str
    engine: str


@dataclass(frozen=True)
class Mark:
    """An address that only one kind of server answers with a certain JSON object."""

    path: str
    holds: Callable[[Fields], bool]
    name: str
    engine: str
    version: Callable[[Fields], object] = lambda _: None


MARKS = (
    Mark("/model_info", lambda got: "model_path" in got, "SGLang", "sglang"),
    Mark("/get_model_info", lambda got: "model_path" in got, "SGLang", "sglang"),
    Mark(
        "/props",
        lambda got: "default_generation_settings" in got,
        "llama.cpp",
        "chat",
        lambda got: got.get("build_info"),
    ),
    Mark("/api/version", lambda got: "version" in got, "Ollama", "chat", lambda got: got["version"]),
    Mark("/api/tags", lambda got: "models" in got, "Ollama", "chat"),
    Mark(
        "/info",
        lambda got: "text-generation" in str(got.get("router")) or {"model_id", "max_total_tokens"} <= got.keys(),
        "Text Generation Inference",
        "chat",
        lambda got: got.get("version"),
    ),
    Mark("/version", lambda got: got.keys() == {"version"}, "vLLM", "vllm", lambda got: got["version"]),
    Mark("/v1/models", lambda got: _owner(got) == "vllm", "vLLM", "vllm"),
    Mark("/v1/models", lambda got: isinstance(got.get("data"), list), "an OpenAI-compatible server", "chat"),
)


@asynccontextmanager
async def naming_what_answers(client: HttpClient, url: str, engine: str) -> AsyncIterator[None]:
    """Turn an error of the block into one that names the server at `url`, if another engine than `engine` answers."""
    try:
        yield
    except (TeacherRefused, MalformedReply) as error:
        found = await identify(client, url)
        if found is None or found.engine == engine:
            raise
        advice = f'set teacher.engine = "{found.engine}"'
        raise TeacherRefused(f"{url} is {found.name}, which engine {engine} cannot use: {advice}. ({error})") from error


async def identify(client: HttpClient, url: str) -> Software | None:
    """The software that answers at `url`; None if nothing there is known."""
    for mark in MARKS:
        answer = await _get(client, url + mark.path)
        fields = _fields(answer)
        if answer is not None and fields and mark.holds(fields):
            parts = (mark.name, mark.version(fields), _server_header(answer) if mark.engine == "chat" else None)
            return Software(" ".join(str(part)[:80] for part in parts if part), mark.engine)
    return None


async def _get(client: HttpClient, url: str) -> Answer | None:
    try:
        answer = await client.probe(url, TIMEOUT_S)
    except (TimeoutError, aiohttp.ClientError, OSError, Retryable):
        return None
    return answer if answer.status == 200 else None


def _fields(answer: Answer | None) -> Fields:
    try:
        got = orjson.loads(answer.raw) if answer else {}
    except orjson.JSONDecodeError:
        return {}
    return got if isinstance(got, dict) else {}


def _owner(got: Fields) -> object:
    cards = got.get("data")
    first = cards[0] if isinstance(cards, list) and cards else None
    return first.get("owned_by") if isinstance(first, dict) else None


def _server_header(answer: Answer) -> str | None:
    header = answer.headers.get("Server")
    return f"(Server: {header})" if header else None
