"""The cloze composer: no model, only quotations. What is asked for is a masked span of the last page.

Each page of a walk is described by a sentence of it with the page's title masked; the last page's
sentence also lacks the answer. A quotation is used only when it stands exactly once in the whole corpus,
so that it means one page, and only when nothing in the instruction gives the answer away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flows.domains.search.composers.sentences import Blank, blanks, is_findable, masked, probe, prose, reveals
from flows.domains.search.composers.walk import Step, Walk
from schemas.record import content_id
from sources.index.passage_splitter import normalised

VERSION = "1"
SENTENCES = 60
"""Sentences of the last page among which a blank is sought."""
SHORT_WORDS = 16
"""Sentences of at most so many words are preferred: what is quoted must be read by small models too."""
TRIES = 3
"""Blanks tried of one walk."""
DESCRIPTIONS = 3
"""Sentences tried to describe one page."""


class Refused(Exception):
    """No task comes of this walk; the message is the reason code."""


@dataclass(frozen=True)
class Choices:
    """What can be quoted of a walk's pages: blanks of the last, descriptions of each one before."""

    walk: Walk
    blanks: tuple[Blank, ...]
    descriptions: tuple[tuple[str, ...], ...]

    def probes(self) -> Iterator[str]:
        """What must be looked up in the corpus before a quotation can be used."""
        yield from (probe(blank.shown) for blank in self.blanks)
        yield from (probe(shown) for shown_of_page in self.descriptions for shown in shown_of_page)


@dataclass(frozen=True)
class Chain:
    """A walk with its answer fixed and one quotation a page, the last one with the blank."""

    walk: Walk
    answer: str
    quotations: tuple[str, ...]


def choices(walk: Walk) -> Choices:
    """The quotations that could be used, in the walk's own random order."""
    *before, last = walk.steps
    return Choices(
        walk,
        tuple(_blanks(walk, last)[:TRIES]),
        tuple(tuple(islice(_quotable(walk, step), DESCRIPTIONS)) for step in before),
    )


def fix(found: Choices | None, unique: set[str]) -> Chain:
    """Choose the answer, then what leads to it; raises Refused when no choice holds, or no link leads there."""
    if found is None:
        raise Refused("no_way_in")
    if not found.blanks:
        raise Refused("no_sentence")
    usable = [blank for blank in found.blanks if probe(blank.shown) in unique]
    if not usable:
        raise Refused("not_unique")
    if not all(found.descriptions):
        raise Refused("no_description")
    for blank in usable:
        quoted = [
            next(
                (shown for shown in shown_of_page if probe(shown) in unique and not reveals(shown, blank.answer)), None
            )
            for shown_of_page in found.descriptions
        ]
        chain = [shown for shown in quoted if shown]
        if len(chain) == len(quoted):
            return Chain(found.walk, blank.answer, (*chain, blank.shown))
    raise Refused("no_description")


def instruction(chain: Chain) -> str:
    """The question, on one line: the blank first, then the way that leads to its page."""
    *way, blank = chain.quotations
    said = ", linked from one that says: ".join(f"'{shown}'" for shown in reversed(way))
    return f'Fill in the blank: "{blank}" (The page is linked from one that says: {said})'


def _blanks(walk: Walk, step: Step) -> list[Blank]:
    """One blank a sentence, so that a second try is another place; names and numbers before nouns."""
    found: list[Blank] = []
    for shown in islice(_quotable(walk, step), SENTENCES):
        fair = (blank for blank in blanks(shown) if not set(normalised(blank.answer).split()) & set(step.names))
        found += islice(fair, 1)
    return sorted(found, key=lambda blank: blank.is_noun)


def _quotable(walk: Walk, step: Step) -> Iterator[str]:
    """The page's sentences with its title masked, in the walk's own random order, the short ones first."""
    order = sorted(prose(step.text), key=lambda one: content_id(walk.key, one))
    for sentence in sorted(order, key=lambda one: len(one.split()) > SHORT_WORDS):
        shown = masked(sentence, step.title, step.names)
        if shown and is_findable(shown) and '"' not in shown:
            yield shown
