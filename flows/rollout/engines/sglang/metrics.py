"""Reads an SGLang server's load from its /metrics page, which only a server with `--enable-metrics` has.

The names are those of SGLang 0.5.23 (srt/observability/metrics_collector.py); the replicas behind one server are
summed. The size of the KV cache comes from the handshake, since a page may count one cache several times.
"""

import re
from collections import defaultdict
from dataclasses import asdict

from flows.rollout.server_load import Load

COUNTS = {
    b"num_running_reqs": "running",
    b"num_queue_reqs": "waiting",
    b"num_retracted_requests_total": "preemptions",
    b"prompt_tokens_total": "prefix_queries",
    b"cached_tokens_total": "prefix_hits",
    b"generation_tokens_total": "sampled_tokens",
}
KV_USAGE = b"token_usage"
SAMPLE = re.compile(rb"^sglang:(%s)(?:\{.*\})? (\S+)" % b"|".join([*COUNTS, KV_USAGE]), re.MULTILINE)


def read_load(page: bytes, previous: Load) -> Load:
    """The load on a page of metrics; values that the page leaves out are those of `previous`.

    Raises ValueError or OverflowError on a value that is not a finite number.
    """
    sums: dict[str, float] = defaultdict(float)
    usage: list[float] = []
    for name, value in SAMPLE.findall(page):
        if name == KV_USAGE:
            usage.append(float(value))
        else:
            sums[COUNTS[name]] += float(value)
    found: dict[str, object] = {name: int(value) for name, value in sums.items()}
    if usage:
        found["kv_used"] = sum(usage) / len(usage)
    return Load(**{**asdict(previous), **found})
