"""The figures of a simulated night, for `factory capacity`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from flows.rollout.capacity.attempts import Attempt, repeated, tokens
from flows.rollout.capacity.machines import Machines
from flows.rollout.capacity.night import Night
from warehouse.console.terminal import cell, empty_table


@dataclass(frozen=True)
class Forecast:
    """A simulated night over all servers. Shares are of the whole night, its slow end included."""

    attempts: int
    mean_tokens: float
    hours: float
    gpu_hours: float
    gpu_idle_share: float
    sampled_per_s: float
    prefilled_per_s: float
    most_in_flight: int
    leaves: int
    recomputed_share: float
    sandbox_busy_share: float
    client_busy_share: float

    @property
    def limit(self) -> str:
        """The part that is busiest: the one to add first."""
        shares = {
            "servers": 1 - self.gpu_idle_share,
            "sandbox cores": self.sandbox_busy_share,
            "client processes": self.client_busy_share,
        }
        return max(shares, key=lambda name: shares[name])


def forecast_table(found: Forecast, source: str) -> Table:
    """The figures with a sentence each."""
    table = empty_table(("figure", "value", "meaning"), f"a night of {found.attempts:,} attempts, as {source}")
    rows: tuple[tuple[str, object, str], ...] = (
        ("hours", found.hours, "from the first request to the last attempt"),
        ("GPU hours", found.gpu_hours, "reserved, busy or idle"),
        ("GPU idle share", found.gpu_idle_share, "of these, without any request"),
        ("tokens an attempt", found.mean_tokens, "mean, read and sampled"),
        ("sampled tokens/s", found.sampled_per_s, "over all servers"),
        ("prefill tokens/s", found.prefilled_per_s, "over all servers, outside of the prefix cache"),
        ("computed again", found.recomputed_share, "share of these: contexts that had left the KV cache"),
        ("attempts in flight", found.most_in_flight, "at most"),
        ("attempts that left", found.leaves, "times that contexts outgrew the KV cache"),
        ("sandbox cores busy", found.sandbox_busy_share, "share of the night"),
        ("clients busy", found.client_busy_share, "share of the night"),
        ("first limit", found.limit, "the busiest part: more of the others changes little"),
    )
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def forecast(attempts: Sequence[Attempt], number: int, machines: Machines) -> Forecast:
    """Simulate `number` attempts drawn from the given ones. Raises ValueError if there are none to draw from."""
    if not attempts:
        raise ValueError("there are no attempts to draw from")
    share = math.ceil(number / machines.servers)
    made = list(repeated(attempts, share))
    night = Night(machines)
    night.run(made)
    seconds, server = max(night.env.now, 1e-9), night.server
    all_tokens = sum(map(tokens, made))
    return Forecast(
        attempts=share * machines.servers,
        mean_tokens=all_tokens / share,
        hours=seconds / 3600,
        gpu_hours=seconds / 3600 * machines.servers * machines.gpus_per_server,
        gpu_idle_share=1 - server.busy_s / seconds,
        sampled_per_s=server.sampled * machines.servers / seconds,
        prefilled_per_s=server.prefilled * machines.servers / seconds,
        most_in_flight=night.most_in_flight * machines.servers,
        leaves=night.leaves * machines.servers,
        recomputed_share=night.recomputed / max(server.prefilled, 1),
        sandbox_busy_share=night.sandbox_s / (seconds * max(1, machines.sandbox_cores // machines.servers)),
        client_busy_share=night.client_s / seconds,
    )
