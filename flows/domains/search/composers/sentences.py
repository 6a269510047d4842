"""Finds quotable prose sentences in a page, and spans of them that can be masked as the answer.

A task quotes prose. Signatures, tables, code and lists of names are left out, because a search in words does not find
them. A masked span is a number, a name, an identifier or the noun that ends a phrase, never a stop word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sources.index.passage_splitter import blocks, lowercase_words, sentences

MIN_WORDS, MAX_WORDS = 8, 36
MIN_PROBE_WORDS = 5
"""Words that a probe needs to identify one place of the corpus."""
MAX_ANSWER_WORDS = 3
MIN_ANSWER_CHARS, MAX_ANSWER_CHARS = 2, 40
MIN_NOUN_CHARS = 4
IDENTIFIER, NAME, NOUN = range(3)
"""Kinds of masked spans, the most informative first."""
MIN_FUNCTION_WORDS = 2
"""Prose has words such as `the` and `of`; a list of names does not."""

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
"""Code, markup, and two sentences that the splitter left joined."""
_START = re.compile(r"[“\"']?[A-Z][a-z]*\b|[“\"'A-Z]")
_WORD = re.compile(r"[^\W_](?:[\w'\u2019./:-]*[^\W_])?")
_NUMBER = re.compile(r"\d[\d.,:/-]*")
_IDENTIFIER = re.compile(r"[A-Za-z]\w+(?:[._]\w+)+|[a-z]+[A-Z]\w*|[A-Z]{2,}\w*")


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
    return max((lowercase_words(side) for side in MASKS.split(masked)), key=lambda side: len(side.split()))


@lru_cache(maxsize=256)
def prose_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a page that are prose, in order, without duplicates."""
    found = (sentence for block in blocks(text) for sentence in sentences(block.text))
    return tuple(dict.fromkeys(sentence for sentence in found if _is_prose(sentence)))


def mask_title(sentence: str, title: str, names: tuple[str, ...]) -> str | None:
    """The sentence with its page's title masked; None if it contains the title more than once."""
    masked = sentence
    for words in dict.fromkeys((tuple(re.findall(r"[^\W_]+", title)), names)):
        if words:
            pattern = r"[\W_]+".join(map(re.escape, words))
            masked = re.sub(rf"(?<![^\W_]){pattern}(?![^\W_])", "[title]", masked, flags=re.IGNORECASE)
    return masked if masked.count("[title]") <= 1 else None


def blanks(sentence: str) -> Iterator[Blank]:
    """Every way to mask a span of the sentence that can be an answer, the most informative kinds first."""
    for kind, start, end in sorted(_spans(sentence)):
        answer = sentence[start:end]
        blank = Blank(f"{sentence[:start]}____{sentence[end:]}", answer, kind == NOUN)
        if not reveals(blank.masked, answer) and is_findable(blank.masked):
            yield blank


def is_findable(masked: str) -> bool:
    """True if the words between the masks are enough to search for the sentence."""
    return len(probe(masked).split()) >= MIN_PROBE_WORDS


def reveals(text: str, answer: str) -> bool:
    """True if the text contains the answer, a word of it, or a longer or shorter form of such a word."""
    text_words = [word for word in lowercase_words(text).split() if word not in FUNCTION_WORDS]
    return any(
        word == other or (len(word) > 3 and len(other) > 3 and (word.startswith(other) or other.startswith(word)))
        for word in lowercase_words(answer).split()
        for other in text_words
        if word not in FUNCTION_WORDS
    )


def _is_prose(sentence: str) -> bool:
    words = sentence.split()
    if not MIN_WORDS <= len(words) <= MAX_WORDS or not sentence.endswith((".", "!", ".”", '."')):
        return False
    if _BAD.search(sentence) or not _START.match(sentence) or sentence.count("(") != sentence.count(")"):
        return False
    plain = sum(bool(re.fullmatch(r"[(“\"']*[A-Za-zÀ-ÿ'\u2019-]+[)”\"',.;:!?]*", word)) for word in words)
    function = sum(word.strip(".,;:()").lower() in FUNCTION_WORDS for word in words)
    return plain >= 0.75 * len(words) and function >= MIN_FUNCTION_WORDS


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
    """Runs of one to MAX_ANSWER_WORDS capitalised words after the sentence's first word."""
    run: list[re.Match[str]] = []
    for word in words[1:]:
        is_name = word.group()[:1].isupper() and not _IDENTIFIER.fullmatch(word.group())
        if run and not (is_name and sentence[run[-1].end() : word.start()] == " "):
            yield from [run] if len(run) <= MAX_ANSWER_WORDS else []
            run = []
        if is_name and word.group().lower() not in FUNCTION_WORDS and len(word.group()) > 1:
            run.append(word)
    yield from [run] if 0 < len(run) <= MAX_ANSWER_WORDS else []


def _is_noun(sentence: str, before: re.Match[str] | None, word: re.Match[str], after: re.Match[str] | None) -> bool:
    """A guess from the word's place: at the end of a phrase, and not after a word that a verb follows."""
    text = word.group()
    if before is None or not text.islower() or len(text) < MIN_NOUN_CHARS or text.endswith(("ly", "ed", "ing")):
        return False
    previous = before.group().lower()
    if previous in VERBS_FOLLOW or sentence[before.end() : word.start()].strip() or text == "title":
        return False
    if after is None or sentence[word.end() : after.start()].strip() or after.group().lower() == "of":
        return True
    return previous in NOUNS_FOLLOW and after.group().lower() in FUNCTION_WORDS
