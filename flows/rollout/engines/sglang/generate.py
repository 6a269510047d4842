"""Builds requests to SGLang's native /generate and validates the token ids and log-probabilities of the replies.

Every sampling parameter is sent, since a server fills a missing one from its own preferences. The sampled ids are
those that stand beside the log-probabilities; `output_ids`, which may lack the stop id, must agree with them.
"""

import math
from typing import Any

import orjson

from flows.rollout.engines.servers.http_client import parse_json
from flows.rollout.engines.servers.http_errors import GenerationAborted, MalformedReply
from flows.rollout.engines.servers.prompt_json import EncodedPrompt, TokenMismatch, check_echo, without_echo
from flows.rollout.protocol import Completion, Sampling
from flows.rollout.sampling import parameters

ALL_TOKENS = -1
"""SGLang's `top_k` for no limit."""


def generate_request(prompt: EncodedPrompt, sampling: Sampling, adapter: str | None) -> tuple[bytes, ...]:
    """The JSON body of a request for one completion, in pieces that share the prompt's text.

    `adapter` is the name of a LoRA adapter, None for the model itself. SGLang obeys the seed only where it runs with
    `--enable-deterministic-inference`, and it has no detection of repetition.
    """
    chosen: dict[str, Any] = {
        **parameters(sampling),
        "top_k": sampling.top_k or ALL_TOKENS,
        "max_new_tokens": sampling.max_tokens,
        "sampling_seed": sampling.seed,
        "skip_special_tokens": False,
        "no_stop_trim": True,
    }
    if sampling.stop:
        chosen["stop"] = list(sampling.stop)
    if sampling.stop_token_ids:
        chosen["stop_token_ids"] = list(sampling.stop_token_ids)
    if sampling.grammar:
        chosen["ebnf"] = sampling.grammar
    body: dict[str, Any] = {"sampling_params": chosen, "return_logprob": True, "return_prompt_token_ids": True}
    if adapter:
        body["lora_path"] = adapter
    return (b'{"input_ids":[', *prompt.pieces, b"],", orjson.dumps(body)[1:])


def parse_generated(raw: bytes, sent: EncodedPrompt, sampling: Sampling, seconds: float) -> Completion:
    """The completion in a reply to the prompt `sent`; `seconds` is the time that the request took.

    Raises MalformedReply when ids or logprobs are missing, GenerationAborted when the server ended the request before
    the model did, TokenMismatch when the server saw another prompt.
    """
    reply = parse_json(without_echo(raw, sent))
    if not isinstance(reply, dict) or not isinstance(meta := reply.get("meta_info"), dict):
        raise MalformedReply("the reply holds no completion")
    ids, logprobs = _sampled(meta)
    if "prompt_token_ids" in reply:
        check_echo(reply["prompt_token_ids"], sent)
    elif meta.get("prompt_tokens") != len(sent):
        raise TokenMismatch(f"the server saw {meta.get('prompt_tokens')} prompt ids, {len(sent)} were sent")
    if reply.get("output_ids", ids) not in (ids, ids[:-1]) or meta.get("completion_tokens", len(ids)) != len(ids):
        raise MalformedReply(f"the reply does not hold one log-probability per sampled id ({len(ids)} ids)")
    cached = meta.get("cached_tokens")
    return Completion(ids, logprobs, _reason(meta.get("finish_reason"), ids, sampling), None, cached, seconds)


def _sampled(meta: dict[str, Any]) -> tuple[list[int], list[float]]:
    """The sampled ids and their log-probabilities, which SGLang sends as [logprob, id, text]."""
    rows = meta.get("output_token_logprobs")
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) >= 2 for row in rows):
        raise MalformedReply("the reply holds no token ids with log-probabilities (return_logprob)")
    if not all(isinstance(row[1], int) and isinstance(row[0], int | float) and math.isfinite(row[0]) for row in rows):
        raise MalformedReply(f"the reply does not hold one finite log-probability per sampled id ({len(rows)} ids)")
    return [row[1] for row in rows], [float(row[0]) for row in rows]


def _reason(finish: object, ids: list[int], sampling: Sampling) -> str:
    """`stop` or `length`; raises GenerationAborted for an abort, and for a stop at nothing that stops.

    SGLang reports a stop with the id or the text that matched. It also calls a numeric fault a stop, with a text that
    no request asked for.
    """
    kind, matched = (finish.get("type"), finish.get("matched")) if isinstance(finish, dict) else (finish, None)
    if kind == "length":
        return "length"
    tail = [matched] if isinstance(matched, int) else matched
    foreign = isinstance(tail, str) and tail not in sampling.stop
    if kind != "stop" or foreign or (isinstance(tail, list) and ids[len(ids) - len(tail) :] != tail):
        raise GenerationAborted(f"the server ended the completion early: {finish}"[:300], len(ids))
    return "stop"
