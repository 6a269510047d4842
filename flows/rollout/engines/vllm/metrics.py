"""What a vLLM server says of its load on /metrics, as a Load.

Names are those of vLLM's own metrics (vllm/v1/metrics/loggers.py); several engines behind one server are added
up. Only the lines that are asked for are read: a server writes a hundred kilobytes of histograms.
"""

import re
from collections import defaultdict
from dataclasses import asdict

from flows.rollout.protocol import Load

COUNTS = {
    b"num_requests_running": "running",
    b"num_requests_waiting": "waiting",
    b"num_preemptions_total": "preemptions",
    b"prefix_cache_queries_total": "prefix_queries",
    b"prefix_cache_hits_total": "prefix_hits",
    b"generation_tokens_total": "sampled_tokens",
}
USED, CACHE = b"kv_cache_usage_perc", b"cache_config_info"
SAMPLE = re.compile(rb"^vllm:(%s)(?:\{(.*)\})? (\S+)" % b"|".join([*COUNTS, USED, CACHE]), re.MULTILINE)
LABEL = re.compile(rb'(\w+)="(\d+)"')


def read_load(text: bytes, before: Load) -> Load:
    """The Load that a page of metrics tells; `before` for what the page does not say."""
    sums: dict[str, float] = defaultdict(float)
    used: list[float] = []
    capacity: list[int] = []
    for name, labels, value in SAMPLE.findall(text):
        if name == CACHE:
            capacity += _capacity(dict(LABEL.findall(labels)))
        elif name == USED:
            used.append(float(value))
        else:
            sums[COUNTS[name]] += float(value)
    told: dict[str, object] = {name: int(value) for name, value in sums.items()}
    if used:
        told["kv_used"] = sum(used) / len(used)
    if capacity:
        told["kv_tokens"] = sum(capacity)
    return Load(**{**asdict(before), **told})


def _capacity(said: dict[bytes, bytes]) -> list[int]:
    """Tokens of one engine's cache: its own figure, which knows of hybrid models, else blocks times their size."""
    if b"kv_cache_size_tokens" in said:
        return [int(said[b"kv_cache_size_tokens"])]
    if b"num_gpu_blocks" in said and b"block_size" in said:
        return [int(said[b"num_gpu_blocks"]) * int(said[b"block_size"])]
    return []
