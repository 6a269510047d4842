"""A house rule, and the two orders of precedence by which the rule that applies is found.

The winner is found in two ways, by one sort and by elimination in pairs; a task in which they differ is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

SPECIAL_FIRST, LATER_FIRST = "special_first", "later_first"
ORDERS = (SPECIAL_FIRST, LATER_FIRST)


@dataclass(frozen=True)
class Rule:
    """A rule on one topic; `audience` is None if it binds all texts."""

    number: int
    topic: str
    issued: date
    audience: str | None
    value: Any
    said: str
    """The sentence, without its scope."""

    def printed(self) -> str:
        """The paragraph as a document shows it."""
        scope = f"In texts for {self.audience}: " if self.audience else ""
        return f"**House rule {self.number}** (issued {self.issued.isoformat()}). {scope}{self.said}"


@dataclass(frozen=True)
class Reader:
    """The text to be written, as rules see it: its audience and its date."""

    audience: str
    day: date


def holding(rules: Sequence[Rule], reader: Reader) -> list[Rule]:
    """The rules that bind the reader's text: of its audience or of all, and issued by its date."""
    return [one for one in rules if one.audience in {None, reader.audience} and one.issued <= reader.day]


def winner(rules: Sequence[Rule], reader: Reader, order: str) -> Rule:
    """The rule that goes first, by a sort. Raises LookupError if none binds."""
    bound = holding(rules, reader)
    if not bound:
        raise LookupError("no rule binds the text")
    if order == SPECIAL_FIRST:
        return max(bound, key=lambda one: (one.audience is not None, one.issued, one.number))
    return max(bound, key=lambda one: (one.issued, one.audience is not None, one.number))


def winner_again(rules: Sequence[Rule], reader: Reader, order: str) -> Rule | None:
    """The rule that no other one overrules, by comparing every pair; None if there is not exactly one."""
    left = [one for one in rules if one.issued <= reader.day and (one.audience or reader.audience) == reader.audience]
    unbeaten = [one for one in left if not any(_overrules(other, one, order) for other in left)]
    return unbeaten[0] if len(unbeaten) == 1 else None


def _overrules(one: Rule, other: Rule, order: str) -> bool:
    special = bool(one.audience) and not other.audience
    general = bool(other.audience) and not one.audience
    later, earlier = one.issued > other.issued, one.issued < other.issued
    if order == SPECIAL_FIRST:
        return special or (not general and later)
    return later or (not earlier and special)


PRECEDENCE = {
    SPECIAL_FIRST: (
        "Where two house rules on one matter differ, the one that names an audience goes before the one that names "
        "none; if both or neither name it, the one that was issued later applies. A rule issued after the date of a "
        "text does not bind it."
    ),
    LATER_FIRST: (
        "Where two house rules on one matter differ, the one that was issued later applies, whether it names an "
        "audience or not. A rule issued after the date of a text does not bind it."
    ),
}
"""Order -> the sentence of the rule that states it."""
