"""Finds the spans of a sentence that can be an answer: numbers, dates, names, identifiers, and nouns by their place."""

import re
from collections.abc import Iterator

import regex

from flows.domains.search.composers.function_words import is_function_word
from sources.index.scripts import UNSPACED_LETTER
from sources.languages import LATIN, script_language

MAX_ANSWER_WORDS = 3
MIN_ANSWER_CHARS, MAX_ANSWER_CHARS = 2, 40
MIN_NOUN_CHARS = 4
IDENTIFIER, NAME, NOUN = range(3)
"""Kinds of masked spans, the most informative first."""
Span = tuple[int, int, int]
"""Kind, start, end."""

NOUNS_FOLLOW = frozenset(
    {"a", "an", "the", "this", "each", "every", "no", "its", "their", "your", "of", "another", "any"}
)
VERBS_FOLLOW = frozenset(
    """am and are be been being can cannot could is it may might must not or shall should that they to was we were which
    who will would you""".split()  # noqa: SIM905
)
WITH_CAPITALS = frozenset((LATIN, "ru", "el", "hy"))
"""Languages (`script_language`) of scripts with capital letters."""
VERB_LAST = frozenset(("hi", "bn", "ta", "te", "kn", "ml", "si", "ko", "am", "my", "bo", "fa", "ur", "tr", "ja"))
"""Languages whose sentences end with a verb, which is no noun to be asked for."""
_WORD = regex.compile(r"[^\W_](?:[\w\p{M}'\u2019./:\u066b\u066c-]*(?:[^\W_]|\p{M}))?")
_NUMBER = regex.compile(r"\d[\d.,:/\u066b\u066c-]*")
_COUNTED = regex.compile(r"(\d[\d.,:/-]*)\p{Hangul}+")
"""A number with the Korean unit or particle that is written together with it."""
_IDENTIFIER = re.compile(r"[A-Za-z]\w+(?:[._]\w+)+|[a-z]+[A-Z]\w*|[A-Z]{2,}\w*")
_DATE = regex.compile(r"\d{2,4}\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?日)?|\d{1,2}\s?月\s?\d{1,2}\s?日")
_QUOTED = regex.compile(
    r"《([^《》]+)》|〈([^〈〉]+)〉|「([^「」]+)」|『([^『』]+)』|“([^“”]+)”|«\s?([^«»]+?)\s?»|„([^„“”]+)“"
)
_KATAKANA = regex.compile(r"[\p{Katakana}ー]+(?:・[\p{Katakana}ー]+)*")
_SPACED_RUN = regex.compile(r"[A-Za-z\u00c0-\u024f][\w.+-]*(?<![.+-])")
MIN_KATAKANA = 3


def spans_of(sentence: str, language: str, terms: frozenset[str]) -> Iterator[Span]:
    """The spans, in no order; `terms` are names that the page gives by other means than capital letters."""
    found = _unspaced(sentence) if UNSPACED_LETTER.search(sentence) else _spaced(sentence, language)
    for kind, start, end in (*found, *_marked(sentence, terms)):
        long_enough = MIN_ANSWER_CHARS <= end - start <= MAX_ANSWER_CHARS
        if long_enough and not is_function_word(language, sentence[start:end]):
            yield kind, start, end


def _marked(sentence: str, terms: frozenset[str]) -> Iterator[Span]:
    """Quoted names and the terms of the page, in scripts without capital letters."""
    if script_language(sentence) in WITH_CAPITALS:
        return
    for quoted in _QUOTED.finditer(sentence):
        start, end = next(quoted.span(group) for group in range(1, 8) if quoted[group])
        if len(sentence[start:end].split()) <= MAX_ANSWER_WORDS:
            yield NAME, start, end
    for term in terms:
        start = sentence.find(term)
        if start >= 0 and _is_apart(sentence, start, start + len(term)):
            yield NAME, start, start + len(term)


def _is_apart(sentence: str, start: int, end: int) -> bool:
    """True if a term is no part of a longer word; in a script without spaces it may be."""
    before, after = sentence[start - 1 : start], sentence[end : end + 1]
    return all(not side.isalnum() or UNSPACED_LETTER.match(side) for side in (before, after))


def _unspaced(sentence: str) -> Iterator[Span]:
    """Dates, numbers, words in Latin letters and katakana of a sentence without spaces."""
    dates = [found.span() for found in _DATE.finditer(sentence)]
    yield from ((IDENTIFIER, *span) for span in dates)
    for number in _NUMBER.finditer(sentence):
        if not any(start <= number.start() < end for start, end in dates):
            yield IDENTIFIER, number.start(), number.start() + len(number.group().rstrip(".,:/-"))
    yield from ((NAME, *found.span()) for found in _SPACED_RUN.finditer(sentence))
    yield from ((NAME, *found.span()) for found in _KATAKANA.finditer(sentence) if len(found[0]) >= MIN_KATAKANA)


def _spaced(sentence: str, language: str) -> Iterator[Span]:
    words = list(_WORD.finditer(sentence))
    for run in _names(sentence, language, words):
        yield NAME, run[0].start(), run[-1].end()
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        text = word.group()
        if _NUMBER.fullmatch(text) or _IDENTIFIER.fullmatch(text):
            yield IDENTIFIER, *word.span()
        elif counted := _COUNTED.fullmatch(text):
            yield IDENTIFIER, word.start(), word.start() + counted.end(1)
        elif _is_noun(sentence, language, before, word, after):
            yield NOUN, *word.span()


def _names(sentence: str, language: str, words: list["regex.Match[str]"]) -> Iterator[list["regex.Match[str]"]]:
    """Runs of one to MAX_ANSWER_WORDS capitalised words after the sentence's first word."""
    run: list[regex.Match[str]] = []
    for word in words[1:]:
        is_name = word.group()[:1].isupper() and not _IDENTIFIER.fullmatch(word.group())
        if run and not (is_name and sentence[run[-1].end() : word.start()] == " "):
            yield from [run] if len(run) <= MAX_ANSWER_WORDS else []
            run = []
        if is_name and not is_function_word(language, word.group()) and len(word.group()) > 1:
            run.append(word)
    yield from [run] if 0 < len(run) <= MAX_ANSWER_WORDS else []


def _is_noun(
    sentence: str,
    language: str,
    before: "regex.Match[str] | None",
    word: "regex.Match[str]",
    after: "regex.Match[str] | None",
) -> bool:
    """A guess from the word's place: at the end of a phrase, and not after a word that a verb follows."""
    text = word.group()
    if before is None or text != text.lower() or len(text) < MIN_NOUN_CHARS or not text[0].isalpha():
        return False
    previous = before.group().lower()
    if previous in VERBS_FOLLOW or text.endswith(("ly", "ed", "ing")) or text == "title":
        return False
    if sentence[before.end() : word.start()].strip():
        return False
    if after is None:
        return language not in VERB_LAST
    if sentence[word.end() : after.start()].strip() or after.group().lower() == "of":
        return True
    return previous in NOUNS_FOLLOW and is_function_word(language, after.group())
