"""Reads a vLLM server's load from its /metrics page, with KV cache usage, prefix cache hits and waiting requests.

The names are those of vLLM's own metrics (vllm/v1/metrics/loggers.py); the engines behind one server are summed.
One regular expression reads only the lines that are needed: a page holds 100 kB of histograms.
"""

import re
from collections import defaultdict
from dataclasses import asdict

from flows.rollout.server_load import Load

COUNTS = {
    b"num_requests_running": "running",
    b"num_requests_waiting": "waiting",
    b"num_preemptions_total": "preemptions",
    b"prefix_cache_queries_total": "prefix_queries",
    b"prefix_cache_hits_total": "prefix_hits",
    b"generation_tokens_total": "sampled_tokens",
}
KV_USAGE, CACHE_CONFIG = b"kv_cache_usage_perc", b"cache_config_info"
SAMPLE = re.compile(rb"^vllm:(%s)(?:\{(.*)\})? (\S+)" % b"|".join([*COUNTS, KV_USAGE, CACHE_CONFIG]), re.MULTILINE)
LABEL = re.compile(rb'(\w+)="(\d+)"')


def read_load(page: bytes, previous: Load) -> Load:
    """The load on a page of metrics; values that the page leaves out are those of `previous`.

    Raises ValueError or OverflowError on a value that is not a finite number.
    """
    sums: dict[str, float] = defaultdict(float)
    usage: list[float] = []
    capacity: list[int] = []
    for name, labels, value in SAMPLE.findall(page):
        if name == CACHE_CONFIG:
            capacity += _capacity(dict(LABEL.findall(labels)))
        elif name == KV_USAGE:
            usage.append(float(value))
        else:
            sums[COUNTS[name]] += float(value)
    found: dict[str, object] = {name: int(value) for name, value in sums.items()}
    if usage:
        found["kv_used"] = sum(usage) / len(usage)
    if capacity:
        found["kv_tokens"] = sum(capacity)
    return Load(**{**asdict(previous), **found})


def _capacity(labels: dict[bytes, bytes]) -> list[int]:
    """Tokens of one engine's cache: vLLM's own figure, which is right for hybrid models too, else blocks times size."""
    if b"kv_cache_size_tokens" in labels:
        return [int(labels[b"kv_cache_size_tokens"])]
    if b"num_gpu_blocks" in labels and b"block_size" in labels:
        return [int(labels[b"num_gpu_blocks"]) * int(labels[b"block_size"])]
    return []
