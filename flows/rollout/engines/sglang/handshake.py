"""Handshake with an SGLang server, which checks its model, context and KV cache, and probes for ids and logprobs.

SGLang returns log-probabilities of the distribution after temperature unless it runs with
SGLANG_RETURN_ORIGINAL_LOGPROB=1, while vLLM returns those of the model itself. The probe finds out which, and every row
says so in `engine_version`.
"""

import logging
from dataclasses import dataclass
from typing import Any

from flows.rollout.engines.servers.connect import ServerInfo
from flows.rollout.engines.servers.generation_config import model_defaults
from flows.rollout.engines.servers.http_client import HttpClient, field, parse_json
from flows.rollout.engines.servers.http_errors import MalformedReply
from flows.rollout.engines.servers.identify import naming_what_answers
from flows.rollout.engines.servers.model_cards import base_model, not_served, served_models
from flows.rollout.engines.servers.prompt_json import PromptEncoder
from flows.rollout.engines.sglang.generate import generate_request, parse_generated
from flows.rollout.protocol import Completion, Identity, Sampling, ServedModel, TeacherRefused
from flows.settings import Teacher

LOG = logging.getLogger(__name__)
PROBE = Sampling(0.0, 1.0, 2, 0)
HOT = Sampling(2.0, 1e-9, 2, 0)
"""Samples the same ids as PROBE, since only the likeliest token is in so small a nucleus, at another temperature."""
TOLERANCE = 0.01
"""Difference of two log-probabilities of one id that batching and rounding can explain."""


@dataclass(frozen=True)
class SglangInfo(ServerInfo):
    """The result of a handshake with an SGLang server."""

    adapter: str | None = None
    """The LoRA adapter that requests name; None for the model itself."""


async def handshake(client: HttpClient, url: str, settings: Teacher) -> SglangInfo:
    """Identify and probe one server.

    Raises TeacherRefused when it serves another model or returns no token ids or logprobs, TeacherError when it does
    not answer.
    """
    async with naming_what_answers(client, url, "sglang"):
        return await _handshake(client, url, settings)


async def _handshake(client: HttpClient, url: str, settings: Teacher) -> SglangInfo:
    model = await _either(client, url, "/model_info", "/get_model_info")
    server = await _either(client, url, "/server_info", "/get_server_info")
    served = served_models(url, await client.request(url, "/v1/models", read=field("data", list)))
    chosen = _chosen(served, model, url, settings.model)
    base = base_model(chosen, served)
    adapter = chosen.name if chosen.parent else None
    probed = await _probe(client, url, adapter)
    window = chosen.context or server.get("context_length") or settings.context_window
    identity = Identity(
        "sglang",
        f"{server.get('version', 'unknown')}{await _logprob_note(client, url, adapter, probed)}",
        settings.model or chosen.name,
        settings.revision,
        min(settings.context_window, int(window)),
        _kv_tokens(server),
        defaults=model_defaults(str(model.get("model_path") or base.root), settings.revision, settings),
        served=served,
    )
    return SglangInfo(identity, chosen.name, adapter=adapter)


async def _either(client: HttpClient, url: str, path: str, older: str) -> dict[str, Any]:
    """The JSON object at `path`, or at its name in older versions."""
    try:
        return await client.request(url, path, read=_object)
    except TeacherRefused:
        return await client.request(url, older, read=_object)


def _object(raw: bytes) -> dict[str, Any]:
    reply = parse_json(raw)
    if not isinstance(reply, dict):
        raise MalformedReply("the reply is not a JSON object")
    return reply


def _chosen(served: tuple[ServedModel, ...], model: dict[str, Any], url: str, wanted: str | None) -> ServedModel:
    """The wanted model or adapter. Raises TeacherRefused if the server does not have it."""
    own = {None, model.get("model_path"), model.get("served_model_name")}
    for one in served:
        if wanted in (one.name, one.root) or (wanted in own and not one.parent):
            return one
    raise not_served(url, wanted, served)


def _kv_tokens(server: dict[str, Any]) -> int | None:
    """Tokens of the KV caches of all replicas behind the server; it reports the size of one."""
    size, replicas = server.get("max_total_num_tokens"), server.get("dp_size")
    return size * (replicas if isinstance(replicas, int) else 1) if isinstance(size, int) else None


async def _sample(client: HttpClient, url: str, adapter: str | None, sampling: Sampling) -> Completion | MalformedReply:
    prompt = PromptEncoder().encode([1, 2, 3], "probe")

    def read(raw: bytes) -> Completion | MalformedReply:
        try:
            return parse_generated(raw, prompt, sampling, 0.0)
        except MalformedReply as problem:
            return problem

    return await client.request(url, "/generate", generate_request(prompt, sampling, adapter), read=read)


async def _probe(client: HttpClient, url: str, adapter: str | None) -> Completion:
    probed = await _sample(client, url, adapter, PROBE)
    if isinstance(probed, MalformedReply):
        raise TeacherRefused(
            f"{url} cannot be used: {probed}. Serve the model with SGLang (engines/GUIDE.md)."
        ) from probed
    return probed


async def _logprob_note(client: HttpClient, url: str, adapter: str | None, cold: Completion) -> str:
    """An addition to the engine's version where log-probabilities are those after temperature, else nothing."""
    hot = await _sample(client, url, adapter, HOT)
    if isinstance(hot, MalformedReply) or hot.token_ids[:1] != cold.token_ids[:1]:
        return ", logprobs unknown"
    if abs(hot.logprobs[0] - cold.logprobs[0]) < TOLERANCE:
        return ""
    LOG.warning(
        "%s returns log-probabilities after temperature; start it with SGLANG_RETURN_ORIGINAL_LOGPROB=1 "
        "for those of the model itself",
        url,
    )
    return ", logprobs after temperature"
