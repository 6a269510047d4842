"""Moves the next night toward tasks that are solved sometimes: weights of composers and knobs by their pass rates.

The pass rates are those of all earlier nights in the lake, so the same lake gives the same night. A composer within the
band, or with too few judged attempts, keeps its whole weight; outside, the weight falls with the distance to the band,
never to 0, so that a better teacher is noticed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from flows.domains.contract import Composer
from flows.settings import Tasks
from warehouse.connect import query

LEAST = 0.2
"""Weight of what is always solved, or never."""


@dataclass(frozen=True)
class Rate:
    """Judged attempts of earlier nights, and the share of them that solved their task."""

    judged: int
    solved: float
    calls: float = field(default=0.0, compare=False)
    """Mean tool calls of an attempt."""
    tokens: float = field(default=0.0, compare=False)
    """Mean tokens of an attempt."""


@dataclass(frozen=True)
class Aim:
    """A band of pass rates, and the rates so far by composer and knob; the knob is empty for a whole composer."""

    band: tuple[float, float] = (0.0, 1.0)
    enough: int = 1
    """Judged attempts below which a rate says nothing."""
    rates: Mapping[tuple[str, str], Rate] = field(default_factory=dict)

    def weight(self, composer: str, knob: str = "") -> float:
        """The weight of a composer, or of one of its knobs, LEAST to 1."""
        rate = self.rates.get((composer, knob))
        if rate is None or rate.judged < self.enough:
            return 1.0
        low, high = self.band
        inside = min(rate.solved / low if low else 1.0, (1 - rate.solved) / (1 - high) if high < 1 else 1.0, 1.0)
        return max(LEAST, inside)

    def share(self, group: Sequence[Composer]) -> float:
        """The mean weight of composers that use the same candidates."""
        return sum(self.weight(one.name) for one in group) / len(group)

    def takes(self, composer: Composer, knob: str, number: int, group: Sequence[Composer]) -> bool:
        """True if the composer is to use the candidate of that number: drawn by hash, by the weights of both.

        Composers of one group share candidates, so the likeliest of them takes each of its own.
        """
        weight = self.weight(composer.name) / max(self.weight(one.name) for one in group)
        if knob:
            weight *= self.weight(composer.name, knob)
        draw = hashlib.sha256(f"{composer.name}/{number}".encode()).digest()[:8]
        return int.from_bytes(draw, "big") < weight * 2**64


def aim_of(con: duckdb.DuckDBPyConnection, day: date, settings: Tasks) -> Aim:
    """The aim of a night: the band of the settings, and the pass rates of all nights before it."""
    rows = con.execute(query("tasks", "pass_rates"), {"run_id": day.isoformat()}).fetchall()
    rates = {(composer, knob): Rate(*measured) for composer, knob, *measured in rows}
    return Aim(settings.pass_rate_band, settings.pass_rate_attempts, rates)
