"""Builds requests to vLLM's /v1/completions and validates the token ids and log-probabilities of the replies.

Every token id and logprob of a reply is validated. A reply echoes the whole prompt: the echo is compared as text with
the prompt that was sent and cut out before the rest is parsed. Only an echo that is written differently (spaces,
order of fields) is parsed and compared id by id.
"""

import math
from array import array
from typing import Any

import orjson

from flows.rollout.engines.servers.http_client import parse_json
from flows.rollout.engines.servers.http_errors import GenerationAborted, MalformedReply, raise_error
from flows.rollout.engines.servers.prompt_json import SAME, EncodedPrompt, check_echo, without_echo
from flows.rollout.protocol import Completion, Sampling
from flows.rollout.sampling import parameters

FINISH_REASONS = frozenset({"stop", "length", "repetition"})
"""Reasons of a generation that ended; any other (abort, null, content_filter, ...) means that the server cut it."""
MAX_PATTERN_SIZE = 32
"""Longest repeating pattern in ids: vLLM compares every size after every sampled id, in Python."""
MIN_REPEATS = 2
"""The smallest count that vLLM accepts."""


def completion_request(
    served_model: str, prompt: EncodedPrompt, sampling: Sampling, forced: int | None = None
) -> tuple[bytes, ...]:
    """The JSON body of a request for one completion, in pieces that share the prompt's text.

    `forced` is the only id that the server may sample; None for no restriction.
    """
    body: dict[str, Any] = {
        "model": served_model,
        "max_tokens": sampling.max_tokens,
        **parameters(sampling),
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
    if sampling.repeat_limit:
        body["repetition_detection"] = {
            "max_pattern_size": MAX_PATTERN_SIZE,
            "min_pattern_size": 1,
            "min_count": max(MIN_REPEATS, sampling.repeat_limit),
        }
    if forced is not None:
        body["allowed_token_ids"] = [forced]
    return (b'{"prompt":[', *prompt.pieces, b"],", orjson.dumps(body)[1:])


def parse_completion(raw: bytes, sent: EncodedPrompt, seconds: float) -> Completion:
    """The completion in a reply to the prompt `sent`; `seconds` is the time that the request took.

    Raises GenerationAborted when the server cut the generation, MalformedReply when ids or logprobs are missing,
    TokenMismatch when the echoed prompt differs, and the error that the reply holds in place of a completion.
    """
    reply = parse_json(without_echo(raw, sent))
    raise_error(reply)
    try:
        choice = reply["choices"][0]
        ids, seen = choice.get("token_ids"), choice.get("prompt_token_ids")
        logprobs, usage = (choice.get("logprobs") or {}).get("token_logprobs"), reply.get("usage") or {}
        reason, stop_reason = choice.get("finish_reason"), choice.get("stop_reason")
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise MalformedReply("the reply holds no completion") from error
    if reason not in FINISH_REASONS:
        sampled = len(ids) if isinstance(ids, list) else int(usage.get("completion_tokens") or 0)
        raise GenerationAborted(f"the server cut a generation, finish_reason {reason or 'null'}", sampled)
    if _numbers("i", ids) is None or not (seen == SAME or isinstance(seen, list)):
        raise MalformedReply("the reply holds no token ids: return_token_ids needs vLLM 0.10.2 or later")
    values = _numbers("d", logprobs)
    if values is None or len(values) != len(ids) or not all(map(math.isfinite, values)):
        raise MalformedReply(f"the reply does not hold one finite log-probability per sampled id ({len(ids)} ids)")
    check_echo(seen, sent)
    return Completion(ids, values.tolist(), reason, None, cached, seconds, stop_reason)


def _numbers(kind: str, values: Any) -> "array[Any] | None":
    """The values as 32-bit integers (kind i) or floats (kind d); None if they are not a list of such numbers."""
    try:
        return array(kind, values) if isinstance(values, list) else None
    except (TypeError, OverflowError):
        return None
