"""The machines of a simulated night: inference servers with measured speeds, sandbox cores, client processes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

UNLIMITED = 1 << 40
"""KV cache of a server that does not report its size, in tokens."""


class TrialError(Exception):
    """The output of a trial cannot be read; the message names the file and the next step."""


@dataclass(frozen=True)
class Speed:
    """The speed of one server, as `factory teacher try` measures it."""

    prefill_per_s: float
    """prompt tokens per second that are not in the prefix cache"""
    sampled_per_s: Mapping[int, float]
    """requests at once -> tokens per second that all of them sample together"""

    def rate(self, requests: int) -> float:
        """Sampled tokens per second of `requests` at once: linear between measured points, flat beyond the last.

        Raises ValueError without a measured point.
        """
        points = sorted({0: 0.0, **self.sampled_per_s}.items())
        if len(points) < 2:
            raise ValueError("the speed of a server needs at least one point of requests and tokens per second")
        for (few, slow), (many, fast) in pairwise(points):
            if requests <= many:
                return slow + (fast - slow) * (requests - few) / (many - few)
        return points[-1][1]


@dataclass(frozen=True)
class Machines:
    """Everything that a night runs on."""

    servers: int
    speed: Speed
    kv_tokens: int
    """tokens that the KV cache of one server holds"""
    gpus_per_server: int = 1
    max_in_flight: int = 1_024
    """attempts in flight over all servers"""
    kv_cache_share: float = 0.9
    sandbox_cores: int = 16
    client_processes: int = 1
    client_seconds_per_turn: float = 0.0021
    """processor seconds of the rollout's client per turn"""


def read_trial(path: Path) -> tuple[Speed, int]:
    """Speed and KV cache of the slowest server in the output of `factory teacher try --json`. Raises TrialError."""
    try:
        found = json.loads(path.read_text("utf-8"))
        speeds = [
            Speed(float(one["prefill_per_s"]), {int(n): float(rate) for n, rate in one["sampled_per_s"].items()})
            for one in found["speeds"]
        ]
        caches = [one["kv_tokens"] or UNLIMITED for one in found["loads"]]
        return min(speeds, key=lambda speed: max(speed.sampled_per_s.values())), min(caches)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrialError(
            f"{path} is no output of a trial that measured a server ({error!r}): "
            "write it with `factory teacher try --json > trial.json`"
        ) from error
