"""Fixes the answer of a walk and the quotations that lead to it, before any words of the task are written.

Each page of a walk is described by a sentence of it with the page's title masked; the last page's sentence also lacks
the answer. A quotation is used only if it occurs exactly once in the whole corpus, so that it identifies one page, and
only if nothing in the instruction reveals the answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from flows.domains.contract import Refused
from flows.domains.search.composers.prose import Sentence, prose_sentences, terms_of
from flows.domains.search.composers.sentences import (
    Blank,
    blanks,
    is_findable,
    mask_title,
    probe,
    reveals,
)
from flows.domains.search.composers.walk import Step, Walk
from schemas.record import content_id
from sources.index.scripts import comparable_words, word_count

MAX_SENTENCES = 60
"""Sentences of the last page that are searched for a blank."""
SHORT_WORDS = 16
"""Sentences of at most so many words are preferred: small models must read the quotations, too."""
MAX_BLANKS = 3
"""Blanks tried per walk."""
MAX_DESCRIPTIONS = 3
"""Sentences tried per page as its description."""


@dataclass(frozen=True)
class Choices:
    """The quotations that a walk's pages offer: blanks of the last page, descriptions of each page before."""

    walk: Walk
    blanks: tuple[Blank, ...]
    descriptions: tuple[tuple[str, ...], ...]

    def probes(self) -> Iterator[str]:
        """The word runs that must occur exactly once in the corpus before a quotation can be used."""
        yield from (probe(blank.masked) for blank in self.blanks)
        yield from (probe(sentence) for page in self.descriptions for sentence in page)


@dataclass(frozen=True)
class Chain:
    """A walk with its answer fixed and one quotation per page, the last one with the blank."""

    walk: Walk
    answer: str
    quotations: tuple[str, ...]


def choices_of(walk: Walk) -> Choices:
    """The quotations that could be used, in the walk's own random order."""
    *before, last = walk.steps
    return Choices(
        walk,
        tuple(_blanks(walk, last)[:MAX_BLANKS]),
        tuple(tuple(one.text for one in islice(_quotable(walk, step), MAX_DESCRIPTIONS)) for step in before),
    )


def fix_chain(choices: Choices | None, unique: set[str]) -> Chain:
    """Choose the answer, then the quotations that lead to it; `unique` are the probes that occur once in the corpus.

    Raises Refused if the walk is too short (`choices` is None) or no combination of quotations is usable.
    """
    if choices is None:
        raise Refused("no_way_in")
    if not choices.blanks:
        raise Refused("no_sentence")
    usable = [blank for blank in choices.blanks if probe(blank.masked) in unique]
    if not usable:
        raise Refused("not_unique")
    if not all(choices.descriptions):
        raise Refused("no_description")
    for blank in usable:
        quotations = [_description(page, blank, unique) for page in choices.descriptions]
        if all(quotations):
            return Chain(choices.walk, blank.answer, (*filter(None, quotations), blank.masked))
    raise Refused("no_description")


def _description(sentences: tuple[str, ...], blank: Blank, unique: set[str]) -> str | None:
    usable = (one for one in sentences if probe(one) in unique and not reveals(one, blank.answer))
    return next(usable, None)


def _blanks(walk: Walk, step: Step) -> list[Blank]:
    """One blank per sentence, so that each try is another place; names and numbers before nouns."""
    found: list[Blank] = []
    title_words, terms = set(comparable_words(" ".join(step.names)).split()), terms_of(step.text)
    for sentence in islice(_quotable(walk, step), MAX_SENTENCES):
        answers = blanks(sentence, terms)
        found += islice((one for one in answers if not title_words & set(comparable_words(one.answer).split())), 1)
    return sorted(found, key=lambda blank: blank.is_noun)


def _quotable(walk: Walk, step: Step) -> Iterator[Sentence]:
    """The page's sentences with its title masked, in the walk's own random order, short ones first."""
    order = sorted(prose_sentences(step.text), key=lambda one: content_id(walk.key, one.text))
    for sentence in sorted(order, key=lambda one: word_count(one.text) > SHORT_WORDS):
        masked = mask_title(sentence.text, step.title, step.names)
        if masked and is_findable(masked) and '"' not in masked:
            yield replace(sentence, text=masked)
