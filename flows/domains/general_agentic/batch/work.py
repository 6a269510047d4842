"""The types between a scenario and the composer: work items, their outcomes, and the calls that bring these about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.domains.general_agentic.batch.facts import Fact, Values
from flows.domains.general_agentic.office.office import Office

Call = tuple[str, Mapping[str, Any]]
"""(operation, arguments), both canonical."""


@dataclass(frozen=True)
class Item:
    """A work item with everything in its row and the rows around it."""

    id: str
    values: Values
    reads: Mapping[str, Sequence[Call]]
    """Fact -> calls that show it; the key `item` has those that every item needs."""
    seen: Mapping[str, Sequence[str]]
    """Fact -> texts that these calls must show; a text that is missing from the answers is missing evidence."""
    refs: Mapping[str, Any] = field(default_factory=dict)
    """Values from which outcomes make their calls, such as the id of an order."""


@dataclass(frozen=True)
class Outcome:
    """One way to deal with an item."""

    name: str
    words: str
    """The instruction in a clause, such as `refund the whole total`."""
    calls: Callable[[Item], Sequence[Call]]
    reads: Sequence[str] = ()
    """Facts that must be known to carry it out, beside those that decide."""


@dataclass
class Batch:
    """A batch in the making: the desk's work in one office."""

    office: Office
    title: str
    """Name of the policy, such as `Returns`."""
    work: str
    """The items in the words of the instruction, such as `open tickets in the queue returns`."""
    listing: Sequence[Call]
    """Calls that list the items."""
    facts: Sequence[Fact]
    outcomes: Sequence[Outcome]
    make: Callable[[Mapping[str, Any]], Item]
    """Adds the rows of one item with these facts, and returns it."""
    services: Sequence[str]
    terms: Sequence[str] = ()
    """Further sentences of the document, such as which account takes what."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the truth's statement that differ from batch to batch."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """Topic -> reply, for values that only the user knows; `terms` names the topics."""


@dataclass(frozen=True)
class Scenario:
    """A kind of batch."""

    name: str
    open: Callable[[Office], Batch]
    """Draws everything but the items."""
    truth: str
    """Name of the statement that derives the facts of each item again from the finished rows."""
    text: tuple[str, str] | None = None
    """Table whose texts state facts, and the regular expression that reads them; named groups are columns of the
    temporary table `facts_in_text`."""
