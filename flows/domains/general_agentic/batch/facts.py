"""Facts about a work item that a policy may depend on, and the conditions that can be put on them.

A fact has one meaning in words, which the policy's document prints, and one value per item.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.domains.general_agentic.office.draws import Draws

Values = Mapping[str, Any]
"""Fact -> value of one item: an int, a word, or a bool."""
ABOVE = ("is above {}", "is more than {}", "exceeds {}")
UP_TO = ("is {} or less", "is at most {}", "does not exceed {}")


@dataclass(frozen=True)
class Fact:
    """One thing that can be known about an item."""

    name: str
    subject: str
    """The words for it in a clause, such as `the total of the order`; for a flag the whole condition, if it holds."""
    meaning: str
    """Where it is found and how it is counted, as the document explains it."""
    low: int = 0
    high: int = 0
    """Range of a number."""
    words: Sequence[str] = ()
    """Values of a choice."""
    negated: str = ""
    """The words of a flag that does not hold."""
    share: float = 0.5
    """Probability that a flag holds."""

    @property
    def sort(self) -> str:
        """number, choice or flag."""
        return "flag" if self.negated else "choice" if self.words else "number"

    def draw(self, draws: Draws) -> Any:
        """A value for an item."""
        if self.sort == "flag":
            return draws.chance(self.share)
        return draws.choice(self.words) if self.words else draws.randint(self.low, self.high)

    def condition(self, draws: Draws) -> "Condition":
        """A condition that some items fulfil and others do not."""
        if self.sort == "flag":
            return Condition(self, "is", (draws.chance(0.5),), "")
        if self.sort == "choice":
            return Condition(self, "in", tuple(draws.some(self.words, 1, max(1, len(self.words) // 2))), "is {}")
        span = self.high - self.low
        limit = self.low + draws.randint(max(1, span // 5), max(1, span * 4 // 5)) if span > 1 else self.low
        above = draws.chance(0.5)
        return Condition(self, "above" if above else "up_to", (limit,), draws.choice(ABOVE if above else UP_TO))


@dataclass(frozen=True)
class Condition:
    """A condition on one fact."""

    fact: Fact
    test: str
    """above, up_to, in or is."""
    values: tuple[Any, ...]
    phrase: str

    def holds(self, values: Values) -> bool:
        """True for an item with these facts."""
        value = values[self.fact.name]
        if self.test == "above":
            return bool(value > self.values[0])
        return bool(value <= self.values[0]) if self.test == "up_to" else value in self.values

    def words(self) -> str:
        """The condition in words."""
        if self.test == "is":
            return self.fact.subject if self.values[0] else self.fact.negated
        shown = " or ".join(str(value) for value in self.values)
        return f"{self.fact.subject} {self.phrase.format(shown)}"

    def meet(self, draws: Draws) -> Any:
        """A value that fulfils it, near the limit in half of all cases."""
        fact = self.fact
        if self.test in {"is", "in"}:
            return draws.choice(self.values)
        limit = int(self.values[0])
        low, high = (limit + 1, fact.high) if self.test == "above" else (fact.low, limit)
        near = limit + 1 if self.test == "above" else limit
        return near if draws.chance(0.4) and low <= near <= high else draws.randint(min(low, high), max(low, high))

    def with_limit(self, limit: int) -> "Condition":
        """The same condition with another number."""
        return replace(self, values=(limit,))
