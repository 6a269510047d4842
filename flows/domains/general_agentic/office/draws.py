"""Draws from a seed that are stable: a generator per world, with the few kinds of draw that worlds need."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from flows.domains.general_agentic.office.words import words

T = TypeVar("T")


class Draws(Random):
    """A seeded generator; the same seed gives the same draws in every process."""

    def word(self, kind: str) -> str:
        """One word of a kind."""
        return str(self.choice(words()[kind]))

    def words(self, kind: str, count: int) -> list[str]:
        """Different words of a kind."""
        return self.sample(words()[kind], count)

    def some(self, values: Sequence[T], low: int, high: int) -> list[T]:
        """Between `low` and `high` different values, in their order."""
        chosen = set(self.sample(range(len(values)), min(self.randint(low, high), len(values))))
        return [value for place, value in enumerate(values) if place in chosen]

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self.random() < share

    def text(self, kind: str, low: int, high: int) -> str:
        """A paragraph of sentences of a kind, none twice."""
        from_kind = words()["text"][kind]
        return " ".join(self.sample(from_kind, self.randint(low, min(high, len(from_kind)))))

    def workday(self, first: date, last: date) -> date:
        """A day from Monday to Friday between two days, both included."""
        day = first + timedelta(days=self.randint(0, (last - first).days))
        return day - timedelta(days=max(0, day.weekday() - 4))
