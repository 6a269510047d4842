"""The kinds of pairs in the labelled lake: how a copy, or an attempt that only resembles one, is made from another.

Copies lose, repeat, gain and swap turns, have words edited and identifiers renamed, and make parallel calls in another
order: what retries, resumed runs and paraphrasing leave behind. The others look like copies and are none: branches
share turns and then go another way, siblings answer one question, page-sharers read the same pages.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

Dice = np.random.Generator


@dataclass(frozen=True)
class Move:
    """One turn of the agent: its words, its calls as (tool, argument), and the number of the page that it reads."""

    words: list[str]
    calls: tuple[tuple[str, str], ...]
    page: int


class Editor(Protocol):
    """Edits words as a paraphrase does."""

    def edit(self, dice: Dice, text: list[str], share: float) -> list[str]:
        """The words with a share of them replaced, dropped, or preceded by another word."""
        ...


@dataclass(frozen=True)
class Pair:
    """The first attempt of a pair, an unrelated second one of the same question, and the means to edit."""

    first: list[Move]
    own: list[Move]
    dice: Dice
    source: Editor


Kind = Callable[[Pair], list[Move]]


def edited(share: float) -> Kind:
    """A share of the words of every turn edited, search queries included."""

    def make(pair: Pair) -> list[Move]:
        return [_edited(pair, move, share) for move in pair.first]

    return make


def dropped(share: float) -> Kind:
    """A share of the turns left out, anywhere."""

    def make(pair: Pair) -> list[Move]:
        out = _chosen(pair, share)
        return [move for n, move in enumerate(pair.first) if n not in out]

    return make


def dropped_in_a_row(share: float) -> Kind:
    """A share of the turns left out in one piece."""

    def make(pair: Pair) -> list[Move]:
        size = max(1, int(len(pair.first) * share))
        start = int(pair.dice.integers(1, len(pair.first) - size - 1))
        return [*pair.first[:start], *pair.first[start + size :]]

    return make


def repeated(share: float) -> Kind:
    """A share of the turns made twice, as after a retried call."""

    def make(pair: Pair) -> list[Move]:
        again = _chosen(pair, share)
        return [move for n, one in enumerate(pair.first) for move in ([one, one] if n in again else [one])]

    return make


def inserted(share: float) -> Kind:
    """New turns, as many as a share of the others, at places anywhere."""

    def make(pair: Pair) -> list[Move]:
        before = _chosen(pair, share)
        return [move for n, one in enumerate(pair.first) for move in ([pair.own[n], one] if n in before else [one])]

    return make


def swapped(share: float) -> Kind:
    """A share of the turns exchanged with the turn after them."""

    def make(pair: Pair) -> list[Move]:
        moves = list(pair.first)
        for n in sorted(_chosen(pair, share / 2)):
            moves[n], moves[n + 1] = moves[n + 1], moves[n]
        return moves

    return make


def renamed(pair: Pair) -> list[Move]:
    """The identifiers of one program renamed throughout: every word that one in eight distinct words is."""
    words = sorted({word for move in pair.first for word in move.words})
    names = {word: f"{word}_{int(pair.dice.integers(1_000))}" for word in words if pair.dice.random() < 0.125}
    return [replace(move, words=[names.get(word, word) for word in move.words]) for move in pair.first]


def parallel(pair: Pair) -> list[Move]:
    """Calls of one turn in another order."""
    return [replace(move, calls=move.calls[::-1]) for move in pair.first]


def together(*kinds: Kind) -> Kind:
    """Several changes, one after another."""

    def make(pair: Pair) -> list[Move]:
        for kind in kinds:
            pair = replace(pair, first=kind(pair))
        return pair.first

    return make


def branch(pair: Pair) -> list[Move]:
    """The first turns in common, then other turns of the same number."""
    fork = int(len(pair.first) * pair.dice.uniform(0.25, 0.7))
    return [*pair.first[:fork], *pair.own[fork:]]


def late_branch(pair: Pair) -> list[Move]:
    """Most turns in common; the attempt then goes another way and ends sooner."""
    fork = int(len(pair.first) * pair.dice.uniform(0.5, 0.75))
    rest = max(4, int((len(pair.first) - fork) * pair.dice.uniform(0.4, 1)))
    return [*pair.first[:fork], *pair.own[-rest:]]


def rejoined_branch(pair: Pair) -> list[Move]:
    """The same beginning and ending, and other turns in between."""
    start = int(len(pair.first) * pair.dice.uniform(0.2, 0.3))
    end = int(len(pair.first) * pair.dice.uniform(0.65, 0.8))
    return [*pair.first[:start], *pair.own[start:end], *pair.first[end:]]


def sibling(pair: Pair) -> list[Move]:
    """Another attempt at the same question that opens the same pages."""
    return [
        Move(mine.words, tuple(_opened(mine.calls, theirs.calls)), theirs.page)
        for mine, theirs in zip(pair.own, pair.first, strict=True)
    ]


COPIES: dict[str, Kind] = {
    "copy": lambda pair: pair.first,
    "edited_5": edited(0.05),
    "edited_15": edited(0.15),
    "edited_30": edited(0.30),
    "dropped_5": dropped(0.05),
    "dropped_15": dropped(0.15),
    "dropped_30": dropped(0.30),
    "dropped_in_a_row_15": dropped_in_a_row(0.15),
    "repeated_15": repeated(0.15),
    "inserted_5": inserted(0.05),
    "inserted_30": inserted(0.30),
    "swapped_15": swapped(0.15),
    "renamed": renamed,
    "parallel": parallel,
    "edited_15_dropped_20": together(edited(0.15), dropped(0.20)),
    "edited_30_dropped_20": together(edited(0.30), dropped(0.20)),
    "edited_15_all_15": together(dropped(0.05), inserted(0.05), repeated(0.03), swapped(0.05), edited(0.15)),
    "edited_15_all_30": together(dropped(0.10), inserted(0.08), repeated(0.06), swapped(0.06), edited(0.15)),
}
"""Kinds that the search must find."""
OTHERS: dict[str, Kind] = {
    "branch": branch,
    "late_branch": late_branch,
    "rejoined_branch": rejoined_branch,
    "sibling": sibling,
    "same_pages": sibling,
}
"""Kinds that the search must leave apart; `same_pages` has another question."""


def _chosen(pair: Pair, share: float) -> set[int]:
    """At least one turn, neither the first nor the last two."""
    count = max(1, round(len(pair.first) * share))
    return set(pair.dice.choice(np.arange(1, len(pair.first) - 2), count, replace=False).tolist())


def _edited(pair: Pair, move: Move, share: float) -> Move:
    calls = tuple(
        (tool, " ".join(pair.source.edit(pair.dice, argument.split(), share)) if tool == "search" else argument)
        for tool, argument in move.calls
    )
    return Move(pair.source.edit(pair.dice, move.words, share), calls, move.page)


def _opened(mine: tuple[tuple[str, str], ...], theirs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """My calls, with the pages that the other attempt opens."""
    addresses: dict[int, Any] = {n: argument for n, (tool, argument) in enumerate(theirs) if tool == "open"}
    for n, (tool, argument) in enumerate(mine):
        yield tool, addresses.get(n, argument) if tool == "open" else argument
