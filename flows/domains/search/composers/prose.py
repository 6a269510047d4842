"""Finds the sentences of a page that are prose, in every language.

A task quotes prose. Signatures, tables, code and lists of names are left out, because a search in words does not find
them: prose consists of words, and has some of the function words of its language.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import regex

from flows.domains.search.composers.function_words import function_words, language_of, n_function_words
from sources.index.passage_splitter import blocks
from sources.index.scripts import UNSPACED_LETTER, word_count
from sources.index.sentences import sentences

MIN_WORDS, MAX_WORDS = 8, 36
MIN_FUNCTION_WORDS = 2
"""Prose has words such as `the` and `of`; a list of names does not."""
PLAIN_SHARE = 0.75
"""Share of words that are letters alone, of all words."""
MIN_TERM, MAX_TERM = 2, 24
"""Characters of a term."""
WITHOUT_STOPS = frozenset(("th", "lo"))
"""Languages whose sentences end without a mark."""

_BAD = re.compile(r"""[{}<>=|\\^~@#$%\[\]]|::|:\w|\(\)|\.\.|__|--|(?<![a-z]\.[a-z])[.]\s+["'a-z]""")
"""Code, markup, and two sentences that the splitter left joined."""
_TERM = re.compile(r"(?<!!)\[([^\[\]\n]+)\]\(|\*\*([^*\n]+)\*\*")
_LONG_WORD = re.compile(r"\S{41}")
_START = regex.compile(r"""[\p{Pi}\p{Ps}"'¿¡]*[\p{Lu}\p{Lt}\p{Lo}\p{Georgian}]|[“"]""")
_UNSPACED_START = regex.compile(r"""[\p{Pi}\p{Ps}"']*[\p{L}\p{N}]""")
_END = regex.compile(r"""[.!。！．｡။።։؟۔।॥។༎]\s*[\p{Pe}\p{Pf}"']*$""")
_PLAIN = regex.compile(r"""[\p{Pi}\p{Ps}"']*[\p{L}\p{M}'\u2019\u200c\u05be-]+[\p{Pe}\p{Pf}\p{Po}]*""")
_BRACKETS = (("(", ")"), ("（", "）"), ("「", "」"), ("『", "』"), ("《", "》"))
_EDGES = "".join(map(chr, range(33, 48))) + ":;?“”„«»‘’،؛؟。，、"


@dataclass(frozen=True)
class Sentence:
    """A sentence of prose and its language, as far as its words show it."""

    text: str
    language: str


@lru_cache(maxsize=256)
def prose_sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a page that are prose, in order, without duplicates."""
    found = dict.fromkeys(sentence for block in blocks(text) for sentence in sentences(block.text))
    read = ((sentence, _language_if_prose(sentence)) for sentence in found)
    return tuple(Sentence(sentence, language) for sentence, language in read if language)


@lru_cache(maxsize=256)
def terms_of(text: str) -> frozenset[str]:
    """The words of a page's links and of its bold type: names, where the script has no capital letters."""
    found = (next(filter(None, groups)) for groups in _TERM.findall(text))
    return frozenset(term for term in map(str.strip, found) if MIN_TERM <= len(term) <= MAX_TERM)


def _language_if_prose(sentence: str) -> str | None:
    """The language of a sentence of prose, of which function words are wanted where a list has them; else None."""
    if not MIN_WORDS <= word_count(sentence) <= MAX_WORDS or _BAD.search(sentence):
        return None
    words = sentence.split()
    lower = [word.strip(_EDGES).lower() for word in words]
    language = language_of(sentence, lower)
    if not _is_whole(sentence, language):
        return None
    if function_words(language) and n_function_words(language, sentence, lower) < MIN_FUNCTION_WORDS:
        return None
    return language if _plain_share(sentence, words) >= PLAIN_SHARE else None


def _is_whole(sentence: str, language: str) -> bool:
    """True if a sentence begins and ends as one, and its brackets close."""
    unspaced = UNSPACED_LETTER.search(sentence)
    if not (_UNSPACED_START if unspaced else _START).match(sentence):
        return False
    if language not in WITHOUT_STOPS and not _END.search(sentence):
        return False
    if any(sentence.count(opening) != sentence.count(closing) for opening, closing in _BRACKETS):
        return False
    return not _LONG_WORD.search(UNSPACED_LETTER.sub(" ", sentence) if unspaced else sentence)


def _plain_share(sentence: str, words: list[str]) -> float:
    if not UNSPACED_LETTER.search(sentence):
        return sum(bool(_PLAIN.fullmatch(word)) for word in words) / len(words)
    visible = [character for character in sentence if not character.isspace()]
    return sum(character.isalpha() or not character.isascii() for character in visible) / len(visible)
