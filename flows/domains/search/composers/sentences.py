"""Masks the title and one span of a sentence of prose, so that the span is the answer of a question.

A masked span is a number, a date, a name, an identifier or a noun, never a function word. Names are words with capital
letters; scripts without capital letters have them in links, book titles and quotation marks, and Japanese in katakana.
A noun is guessed from its place in the sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from flows.domains.search.composers.function_words import ENGLISH
from flows.domains.search.composers.prose import Sentence
from flows.domains.search.composers.spans import NOUN, spans_of
from sources.index.scripts import UNSPACED_LETTER, WORD, comparable_words, lowercase_words, word_count

MIN_PROBE_WORDS = 5
"""Words that a probe needs to identify one place of the corpus."""
MASKS = re.compile(r"____|\[title\]")


@dataclass(frozen=True)
class Blank:
    """A sentence with `____` in place of a span, and that span."""

    masked: str
    answer: str
    is_noun: bool
    """True for a plain noun, which can be guessed, rather than a name, a number or an identifier."""


def probe(masked: str) -> str:
    """The longest run of words between masks, normalised. If it occurs once in the corpus, it identifies one place."""
    return max((lowercase_words(side) for side in MASKS.split(masked)), key=word_count)


def mask_title(sentence: str, title: str, names: tuple[str, ...]) -> str | None:
    """The sentence with its page's title masked; None if it contains the title more than once."""
    masked = sentence
    for words in dict.fromkeys((tuple(WORD.findall(title)), names)):
        if words:
            start, end = (r"" if UNSPACED_LETTER.match(word) else edge for word, edge in _edges(words))
            pattern = r"[\W_]+".join(map(regex.escape, words))
            masked = regex.sub(f"{start}{pattern}{end}", "[title]", masked, flags=regex.IGNORECASE)
    return masked if masked.count("[title]") <= 1 else None


def blanks(sentence: Sentence, terms: frozenset[str] = frozenset()) -> Iterator[Blank]:
    """Every way to mask a span of the sentence that can be an answer, the most informative kinds first.

    `terms` are names that the page gives by other means than capital letters.
    """
    text = sentence.text
    for kind, start, end in sorted(spans_of(text, sentence.language, terms)):
        answer = text[start:end]
        blank = Blank(f"{text[:start]}____{text[end:]}", answer, kind == NOUN)
        if not reveals(blank.masked, answer) and is_findable(blank.masked):
            yield blank


def is_findable(masked: str) -> bool:
    """True if the words between the masks are enough to search for the sentence."""
    return word_count(probe(masked)) >= MIN_PROBE_WORDS


def reveals(text: str, answer: str) -> bool:
    """True if the text contains the answer, a word of it, or a longer or shorter form of such a word.

    In scripts without spaces, two adjacent letters of the answer count as a word.
    """
    text_words = [word for word in comparable_words(text).split() if word not in ENGLISH]
    return any(
        word == other or (len(word) > 3 and len(other) > 3 and (word.startswith(other) or other.startswith(word)))
        for word in comparable_words(answer).split()
        for other in text_words
        if word not in ENGLISH
    )


def _edges(words: tuple[str, ...]) -> tuple[tuple[str, str], tuple[str, str]]:
    return (words[0], r"(?<![^\W_])"), (words[-1][-1], r"(?![^\W_])")
