"""Which sentences of a page tell something, and which words of them can be asked for.

A task quotes real prose: signatures, tables, code and lists of names are left out, since nobody can look
for them in words. What is masked is a word that carries meaning: a number, a name, an identifier, the
noun that ends a phrase; never a stop word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sources.index.passage_splitter import blocks, normalised, sentences

LEAST_WORDS, MOST_WORDS = 8, 36
LEAST_PROBE = 5
"""Words on one side of the blank that must stand once in the corpus, so that they point to one place."""
MOST_ANSWER_WORDS = 3
MIN_ANSWER_CHARS, MAX_ANSWER_CHARS = 2, 40
LEAST_NOUN_CHARS = 4
IDENTIFIER, NAME, NOUN = range(3)
"""Kinds of what is masked, the most telling first."""
LEAST_FUNCTION_WORDS = 2
"""Prose has words such as `the` and `of`; a list of names has not."""

FUNCTION_WORDS = frozenset(
    """a about above after again against all also an and any are as at be because been before being below between both
    but by can cannot could did do does doing down during each either else etc ever every few for from further had has
    have having he her here hers him his how however i if in into is it its itself just least less let like may me might
    more most much must my neither no nor not now of off on once one only onto or other otherwise our out over own per
    rather same shall she should since so some such than that the their them themselves then there these they this those
    though through thus to too under unless until up upon us very was we were what when where whether which while who
    whom whose why will with within without would yet you your true false none returns return used use using uses given
    example following see note new first second two three way ways thing things case cases made make makes get gets set
    sets many""".split()  # noqa: SIM905 - a list of strings reads worse
)
NOUNS_FOLLOW = frozenset(
    {"a", "an", "the", "this", "each", "every", "no", "its", "their", "your", "of", "another", "any"}
)
VERBS_FOLLOW = frozenset(
    """am and are be been being can cannot could is it may might must not or shall should that they to was we were which
    who will would you""".split()  # noqa: SIM905
)
_BAD = re.compile(r"""[{}<>=|\\^~@#$%\[\]]|::|:\w|\(\)|\.\.|__|--|\S{41}|(?<![a-z]\.[a-z])[.]\s+["'a-z]""")
"""Code, markup, and two sentences that were not told apart."""
_START = re.compile(r"[“\"']?[A-Z][a-z]*\b|[“\"'A-Z]")
_WORD = re.compile(r"[^\W_](?:[\w'\u2019./:-]*[^\W_])?")
_NUMBER = re.compile(r"\d[\d.,:/-]*")
_IDENTIFIER = re.compile(r"[A-Za-z]\w+(?:[._]\w+)+|[a-z]+[A-Z]\w*|[A-Z]{2,}\w*")


MASKS = re.compile(r"____|\[title\]")


@dataclass(frozen=True)
class Blank:
    """A sentence with a span masked, as it is shown, and the span."""

    shown: str
    answer: str
    is_noun: bool
    """A plain noun, of which a careful guess could be right, rather than a name, a number or an identifier."""


def probe(shown: str) -> str:
    """The longest run of words between masks, normalised: where it stands once, only one place can be meant."""
    return max((normalised(side) for side in MASKS.split(shown)), key=lambda side: len(side.split()))


@lru_cache(maxsize=256)
def prose(text: str) -> tuple[str, ...]:
    """The sentences of a page that read as prose, in order, each once."""
    found = (sentence for block in blocks(text) for sentence in sentences(block.text))
    return tuple(dict.fromkeys(sentence for sentence in found if _is_prose(sentence)))


def masked(sentence: str, title: str, names: tuple[str, ...]) -> str | None:
    """The sentence with its page's title masked; None when the title stands in it too often to be read."""
    shown = sentence
    for words in dict.fromkeys((tuple(re.findall(r"[^\W_]+", title)), names)):
        if words:
            named = r"[\W_]+".join(map(re.escape, words))
            shown = re.sub(rf"(?<![^\W_]){named}(?![^\W_])", "[title]", shown, flags=re.IGNORECASE)
    return shown if shown.count("[title]") <= 1 else None


def blanks(shown: str) -> Iterator[Blank]:
    """Every way to mask a span of the sentence that is worth asking for, the most telling kinds first."""
    for kind, start, end in sorted(_spans(shown)):
        answer = shown[start:end]
        blank = Blank(f"{shown[:start]}____{shown[end:]}", answer, kind == NOUN)
        if not reveals(blank.shown, answer) and is_findable(blank.shown):
            yield blank


def is_findable(shown: str) -> bool:
    """Does enough of the sentence stand between its masks to look for it?"""
    return len(probe(shown).split()) >= LEAST_PROBE


def reveals(text: str, answer: str) -> bool:
    """Does the text hold the answer, or a word of it, or a longer form of such a word?"""
    told = [word for word in normalised(text).split() if word not in FUNCTION_WORDS]
    return any(
        word == other or (len(word) > 3 and len(other) > 3 and (word.startswith(other) or other.startswith(word)))
        for word in normalised(answer).split()
        for other in told
        if word not in FUNCTION_WORDS
    )


def _is_prose(sentence: str) -> bool:
    words = sentence.split()
    if not LEAST_WORDS <= len(words) <= MOST_WORDS or not sentence.endswith((".", "!", ".”", '."')):
        return False
    if _BAD.search(sentence) or not _START.match(sentence) or sentence.count("(") != sentence.count(")"):
        return False
    plain = sum(bool(re.fullmatch(r"[(“\"']*[A-Za-zÀ-ÿ'\u2019-]+[)”\"',.;:!?]*", word)) for word in words)
    function = sum(word.strip(".,;:()").lower() in FUNCTION_WORDS for word in words)
    return plain >= 0.75 * len(words) and function >= LEAST_FUNCTION_WORDS


def _spans(sentence: str) -> Iterator[tuple[int, int, int]]:
    """(kind, start, end) of numbers and identifiers, names of one to three words, and nouns that end a phrase."""
    words = list(_WORD.finditer(sentence))
    for run in _names(sentence, words):
        yield NAME, run[0].start(), run[-1].end()
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        text = word.group()
        if text.lower() in FUNCTION_WORDS or not MIN_ANSWER_CHARS <= len(text) <= MAX_ANSWER_CHARS:
            continue
        if _NUMBER.fullmatch(text) or _IDENTIFIER.fullmatch(text):
            yield IDENTIFIER, *word.span()
        elif _is_noun(sentence, before, word, after):
            yield NOUN, *word.span()


def _names(sentence: str, words: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Runs of capitalised words inside the sentence; a longer run than three words is no span to ask for."""
    run: list[re.Match[str]] = []
    for word in words[1:]:
        name = word.group()[:1].isupper() and not _IDENTIFIER.fullmatch(word.group())
        if run and not (name and sentence[run[-1].end() : word.start()] == " "):
            yield from [run] if len(run) <= MOST_ANSWER_WORDS else []
            run = []
        if name and word.group().lower() not in FUNCTION_WORDS and len(word.group()) > 1:
            run.append(word)
    yield from [run] if 0 < len(run) <= MOST_ANSWER_WORDS else []


def _is_noun(sentence: str, before: re.Match[str] | None, word: re.Match[str], after: re.Match[str] | None) -> bool:
    """A guess, from where the word stands: at the end of a phrase, and not where a verb would be."""
    text = word.group()
    if before is None or not text.islower() or len(text) < LEAST_NOUN_CHARS or text.endswith(("ly", "ed", "ing")):
        return False
    led = before.group().lower()
    if led in VERBS_FOLLOW or sentence[before.end() : word.start()].strip() or text == "title":
        return False
    if after is None or sentence[word.end() : after.start()].strip() or after.group().lower() == "of":
        return True
    return led in NOUNS_FOLLOW and after.group().lower() in FUNCTION_WORDS
