"""Handshake with a vLLM server, which checks its model, its context length, and a two-token probe for ids and logprobs.

Many OpenAI-compatible servers answer 200 and ignore unknown options; the probe detects that before the first turn.
A server that comes back after a failure repeats the handshake, since it may serve another model by then.
"""

import logging
from dataclasses import replace

from flows.rollout.engines.servers.connect import ServerInfo
from flows.rollout.engines.servers.http_client import HttpClient, field
from flows.rollout.engines.servers.http_errors import MalformedReply
from flows.rollout.engines.servers.prompt_json import PromptEncoder
from flows.rollout.engines.vllm.completions import completion_request, parse_completion
from flows.rollout.protocol import Identity, Sampling, TeacherRefused
from flows.settings import Teacher

LOG = logging.getLogger(__name__)
PROBE = Sampling(0.0, 1.0, 2, 0, repeat_limit=16)


async def handshake(client: HttpClient, url: str, settings: Teacher) -> ServerInfo:
    """Identify and probe one server.

    Raises TeacherRefused when it serves another model or returns no token ids or logprobs, TeacherError when it does
    not answer.
    """
    cards = await client.request(url, "/v1/models", read=field("data", list))
    version = await client.request(url, "/version", read=field("version", str))
    matching = [card for card in cards if settings.model in (None, card.get("id"), card.get("root"))]
    if not matching:
        names = ", ".join(str(card.get("id")) for card in cards)
        raise TeacherRefused(f"{url} does not serve teacher.model = {settings.model}; it serves {names}")
    name, window = str(matching[0]["id"]), int(matching[0].get("max_model_len") or settings.context_window)
    context = min(settings.context_window, window)
    identity = Identity("vllm", version, settings.model or name, settings.revision, context)
    return ServerInfo(identity, name, await _probe(client, url, name))


async def _probe(client: HttpClient, url: str, served_model: str) -> bool:
    """Sample two tokens; True if the server takes `repetition_detection`. Raises TeacherRefused on a bad reply."""
    prompt = PromptEncoder().encode([1, 2, 3], "probe")

    def problem(raw: bytes) -> MalformedReply | None:
        try:
            parse_completion(raw, prompt, 0.0)
        except MalformedReply as error:
            return error
        return None

    async def sample(sampling: Sampling) -> MalformedReply | None:
        body = completion_request(served_model, prompt, sampling)
        return await client.request(url, "/v1/completions", body, read=problem)

    try:
        found, detects_repetition = await sample(PROBE), True
    except TeacherRefused:
        found, detects_repetition = await sample(replace(PROBE, repeat_limit=0)), False
        LOG.warning("%s rejects repetition_detection: repetitive completions run to their token limit there", url)
    if found:
        raise TeacherRefused(f"{url} cannot be used: {found} Serve the model with vLLM (README).") from found
    return detects_repetition
