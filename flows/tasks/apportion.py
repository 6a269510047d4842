"""Merges several sources in proportion to their shares.

The next item is always of the source that is furthest behind its share (Webster's method), so that an interrupted
merge continues exactly where it stopped. A source that runs dry leaves its part to the others.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Generic, TypeVar

Item = TypeVar("Item")
TURNS = 100
"""Turns of unequal shares until they repeat."""


@dataclass
class Source(Generic[Item]):
    """Items in order; `made` counts those taken in earlier runs and in this one."""

    items: Iterator[Item]
    share: float = 1.0
    made: int = 0


def apportion(sources: Sequence[Source[Item]]) -> Iterator[Item]:
    """The items of all sources, until all are exhausted; nothing is taken ahead of its turn."""
    left = [source for source in sources if source.share]
    while left:
        behind = min(left, key=lambda source: (source.made + 0.5) / source.share)
        for item in islice(behind.items, 1):
            behind.made += 1
            yield item
            break
        else:
            left.remove(behind)


def portions(shares: Mapping[str, float], n: int) -> dict[str, int]:
    """The parts of n items that sources of these shares get if none of them runs dry."""
    counts = Counter(islice(apportion([Source(repeat(name), share) for name, share in shares.items()]), n))
    return {name: counts[name] for name in shares}


def turns(shares: Sequence[tuple[Item, float]]) -> list[Item]:
    """The items in the order of their turns by their shares, to be repeated: once each if all shares are equal."""
    if len({share for _, share in shares}) == 1:
        return [item for item, _ in shares]
    return list(islice(apportion([Source(repeat(item), share) for item, share in shares]), TURNS))
