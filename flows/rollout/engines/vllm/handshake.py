"""Handshake with a vLLM server, which checks its model, its context length, and a two-token probe for ids and logprobs.

Many OpenAI-compatible servers answer 200 and ignore unknown options; the probe detects that before the first turn.
A server that comes back after a failure repeats the handshake, since it may serve another model by then.
"""

import logging
from dataclasses import replace

from flows.rollout.engines.servers.connect import ServerInfo
from flows.rollout.engines.servers.generation_config import model_defaults
from flows.rollout.engines.servers.http_client import HttpClient, field
from flows.rollout.engines.servers.http_errors import MalformedReply
from flows.rollout.engines.servers.identify import naming_what_answers
from flows.rollout.engines.servers.model_cards import base_model, not_served, served_models
from flows.rollout.engines.servers.prompt_json import PromptEncoder
from flows.rollout.engines.vllm.completions import completion_request, parse_completion
from flows.rollout.protocol import Identity, Sampling, TeacherRefused
from flows.settings import Teacher

LOG = logging.getLogger(__name__)
PROBE = Sampling(0.0, 1.0, 2, 0, repeat_limit=16)
PROBE_PROMPT = [1, 2, 3]
FORCED = 3
"""The only id that the probe may sample."""


async def handshake(client: HttpClient, url: str, settings: Teacher) -> ServerInfo:
    """Identify and probe one server.

    Raises TeacherRefused when it serves another model or returns no token ids or logprobs, TeacherError when it does
    not answer.
    """
    async with naming_what_answers(client, url, "vllm"):
        return await _handshake(client, url, settings)


async def _handshake(client: HttpClient, url: str, settings: Teacher) -> ServerInfo:
    cards = await client.request(url, "/v1/models", read=field("data", list))
    version = await client.request(url, "/version", read=field("version", str))
    served = served_models(url, cards)
    chosen = next((model for model in served if settings.model in (None, model.name, model.root)), None)
    if chosen is None:
        raise not_served(url, settings.model, served)
    if chosen.context is None:
        LOG.warning("%s does not report the context window of %s: teacher.context_window holds", url, chosen.name)
    defaults = model_defaults(base_model(chosen, served).root, settings.revision, settings)
    context = min(settings.context_window, chosen.context or settings.context_window)
    identity = Identity(
        "vllm", version, settings.model or chosen.name, settings.revision, context, defaults=defaults, served=served
    )
    return await _probe(client, url, ServerInfo(identity, chosen.name))


async def _probe(client: HttpClient, url: str, info: ServerInfo) -> ServerInfo:
    """Sample two tokens, and add the options that the server takes. Raises TeacherRefused on a bad reply."""
    prompt = PromptEncoder().encode(PROBE_PROMPT, "probe")

    def read(raw: bytes) -> list[int] | MalformedReply:
        try:
            return parse_completion(raw, prompt, 0.0).token_ids
        except MalformedReply as error:
            return error

    async def sample(sampling: Sampling, forced: int | None) -> list[int] | MalformedReply:
        body = completion_request(info.served_model, prompt, sampling, forced)
        return await client.request(url, "/v1/completions", body, read=read)

    try:
        found, detects_repetition = await sample(PROBE, FORCED), True
    except TeacherRefused:
        found, detects_repetition = await sample(replace(PROBE, repeat_limit=0), None), False
        LOG.warning("%s rejects repetition_detection: repetitive completions run to their token limit there", url)
    if isinstance(found, MalformedReply):
        advice = "Serve the model with vLLM (flows/rollout/engines/GUIDE.md)."
        raise TeacherRefused(f"{url} cannot be used: {found}. {advice}") from found
    return replace(info, detects_repetition=detects_repetition, forces_tokens=set(found) == {FORCED})


async def is_stop(client: HttpClient, url: str, token: int, served_model: str) -> bool:
    """True if the server ends a generation at this id although the request does not name it as a stop.

    A server that cuts every generation would have to cut this one after exactly one of eight tokens to pass.
    """
    prompt = PromptEncoder().encode(PROBE_PROMPT, "stop")
    body = completion_request(served_model, prompt, replace(PROBE, max_tokens=8, repeat_limit=0), token)
    completion = parse_completion(await client.send(f"{url}/v1/completions", body), prompt, 0.0)
    return completion.finish_reason == "stop" and completion.token_ids == [token]
