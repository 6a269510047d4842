"""vLLM's /v1/completions: the bytes that ask for one, and what is read from the bytes of its reply.

Every promise about token ids is checked. A reply repeats the whole prompt: it is compared as text with what
was sent, and cut out before the rest is parsed; only where it looks different (spaces, another order) is it
read and compared id by id.
"""

import math
import secrets
from typing import Any, TypeGuard

import orjson

from flows.rollout.engines.servers.http_client import parsed
from flows.rollout.engines.servers.http_errors import Malformed
from flows.rollout.engines.vllm.prompt_json import Encoded
from flows.rollout.protocol import Completion, Sampling

ECHO = b'"prompt_token_ids":['
SAME = secrets.token_hex(16)
"""Stands for an echo that was cut out; no server can know it."""
REASONS = frozenset({"stop", "length", "repetition"})
LONGEST_REPEAT = 32
"""Longest pattern, in ids, that counts as repeating: vLLM tries each length at each sampled id, in Python."""
FEWEST_REPEATS = 2
"""vLLM takes no fewer."""


class TokenMismatch(Malformed):
    """The server says that it saw other prompt ids than those that it was sent."""


def ask_completion(served: str, prompt: Encoded, sampling: Sampling) -> tuple[bytes, ...]:
    """The JSON body, in pieces, that asks the model `served` for one completion of the prompt."""
    body: dict[str, Any] = {
        "model": served,
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
    if sampling.repeat_limit:
        body["repetition_detection"] = {
            "max_pattern_size": LONGEST_REPEAT,
            "min_pattern_size": 1,
            "min_count": max(FEWEST_REPEATS, sampling.repeat_limit),
        }
    return (b'{"prompt":[', *prompt.pieces, b"],", orjson.dumps(body)[1:])


def read_completion(raw: bytes, sent: Encoded, seconds: float) -> Completion:
    """The completion in a reply; raises Malformed or TokenMismatch on anything but ids with their logprobs."""
    reply = parsed(_without_echo(raw, sent))
    try:
        choice = reply["choices"][0]
        said, ids, seen = choice.get("logprobs") or {}, choice.get("token_ids"), choice.get("prompt_token_ids")
        logprobs, details = said.get("token_logprobs"), reply.get("usage") or {}
        cached = (details.get("prompt_tokens_details") or {}).get("cached_tokens")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Malformed("the reply holds no completion") from error
    if not _all(ids, int) or not (seen == SAME or isinstance(seen, list)):
        raise Malformed("the reply holds no token ids: the server ignores return_token_ids (vLLM >= 0.10.2 has it)")
    if not _all(logprobs, int | float) or len(logprobs) != len(ids) or not all(map(math.isfinite, logprobs)):
        raise Malformed(f"the reply holds no finite log-probability for each of {len(ids)} sampled ids")
    if seen != SAME and seen != sent.tolist():
        raise TokenMismatch(f"the server saw {len(seen)} prompt ids that are not the {len(sent)} sent")
    reason = choice.get("finish_reason")
    reason = reason if reason in REASONS else "stop"
    return Completion(ids, [float(value) for value in logprobs], reason, None, cached, seconds)


def _without_echo(raw: bytes, sent: Encoded) -> bytes:
    """The reply with SAME in place of the prompt, if it holds exactly what was sent; else as it is.

    Inside a JSON string every quotation mark is escaped, so the name and its bracket can only be a field.
    """
    at = raw.find(ECHO)
    if at < 1 or raw[at - 1 : at] == b"\\":
        return raw
    begin = at + len(ECHO)
    end = sent.begins(raw, begin)
    if end is None or raw[end : end + 1] != b"]":
        return raw
    return b'%b"%b"%b' % (raw[: begin - 1], SAME.encode(), raw[end + 1 :])


def _all(values: Any, kind: Any) -> TypeGuard[list[Any]]:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
