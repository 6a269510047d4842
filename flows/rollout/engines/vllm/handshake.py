"""What a vLLM server is asked before its first turn: who it is, and two tokens that must come back whole.

Many OpenAI-style servers answer 200 and ignore what they do not know. One that comes back after it was away is
asked again: it may by then be another model.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flows.rollout.engines.servers.http_client import Wire, field
from flows.rollout.engines.servers.http_errors import Malformed
from flows.rollout.engines.vllm.completions import ask_completion, read_completion
from flows.rollout.engines.vllm.prompt_json import Prompts
from flows.rollout.protocol import Identity, Sampling, TeacherRefused
from flows.settings import Teacher

LOG = logging.getLogger(__name__)
PROBE = Sampling(0.0, 1.0, 2, 0, repeat_limit=16)


@dataclass(frozen=True)
class Met:
    """A server that was asked who it is: its identity, its name for the model, and whether it cuts repetition."""

    identity: Identity
    served: str
    cuts: bool


async def meet(wire: Wire, url: str, chosen: Teacher) -> Met:
    """Ask one server; raises TeacherRefused when it cannot teach, TeacherError when it does not answer."""
    cards = await wire.ask(url, "/v1/models", read=field("data", list))
    version = await wire.ask(url, "/version", read=field("version", str))
    served = [card for card in cards if chosen.model in (None, card.get("id"), card.get("root"))]
    if not served:
        names = ", ".join(str(card.get("id")) for card in cards)
        raise TeacherRefused(f"{url} does not serve teacher.model = {chosen.model}; it serves {names}")
    name, window = str(served[0]["id"]), int(served[0].get("max_model_len") or chosen.context_window)
    identity = Identity("vllm", version, chosen.model or name, chosen.revision, min(chosen.context_window, window))
    return Met(identity, name, await _cuts(wire, url, name))


def agreed(met: Mapping[str, Met]) -> Met:
    """What all servers can do; raises TeacherRefused when they are not of one model."""
    (first, one), *_ = met.items()
    for url, other in met.items():
        if (other.identity.model, other.served) != (one.identity.model, one.served):
            raise TeacherRefused(
                f"{first} serves {one.served} but {url} serves {other.served}: name servers of one model"
            )
    smallest = min(met.values(), key=lambda each: each.identity.context)
    return replace(smallest, cuts=all(each.cuts for each in met.values()))


async def _cuts(wire: Wire, url: str, served: str) -> bool:
    """Probe it for ids and log-probabilities; tells whether it takes the option that cuts repetition."""
    prompt = Prompts().encode([1, 2, 3], "probe")

    def fault(raw: bytes) -> Malformed | None:
        try:
            read_completion(raw, prompt, 0.0)
        except Malformed as error:
            return error
        return None

    async def probe(sampling: Sampling) -> Malformed | None:
        return await wire.ask(url, "/v1/completions", ask_completion(served, prompt, sampling), read=fault)

    try:
        found, cuts = await probe(PROBE), True
    except TeacherRefused:
        found, cuts = await probe(replace(PROBE, repeat_limit=0)), False
        LOG.warning("%s does not take repetition_detection: repetition is not cut early there", url)
    if found:
        raise TeacherRefused(f"{url} cannot teach: {found} Serve the model with vLLM (README).") from found
    return cuts
