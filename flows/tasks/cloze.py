"""The cloze composer: no model, only quotations. What is asked for is a masked span of the last page.

Each page of a walk is described by a sentence of it with the page's title masked; the last page's
sentence also lacks the answer. A quotation is used only when it stands exactly once in the whole corpus,
so that it means one page, and only when nothing in the instruction gives the answer away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flows.tasks.sentences import Blank, blanks, is_findable, masked, probe, prose, reveals
from flows.tasks.walk import Step, Walk
from schemas.record import content_id
from sources.passages import normalised

VERSION = "1"
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
        tuple(islice(_blanks(walk, last), TRIES)),
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
    links = (
        f' It is on a page linked from the page that says: "{way[-1]}"',
        *(f' That page is linked from the page that says: "{shown}"' for shown in reversed(way[:-1])),
    )
    return f'Fill in the blank: "{blank}"' + "".join(links)


def _blanks(walk: Walk, step: Step) -> Iterator[Blank]:
    """One blank a sentence, so that a second try is another place."""
    for shown in _quotable(walk, step):
        fair = (blank for blank in blanks(shown) if not set(normalised(blank.answer).split()) & set(step.names))
        yield from islice(fair, 1)


def _quotable(walk: Walk, step: Step) -> Iterator[str]:
    """The page's sentences with its title masked, in the walk's own random order."""
    for sentence in sorted(prose(step.text), key=lambda one: content_id(walk.key, one)):
        shown = masked(sentence, step.title, step.names)
        if shown and is_findable(shown) and '"' not in shown:
            yield shown
