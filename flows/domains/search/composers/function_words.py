"""Function words by language, and the language of a sentence by them; English differs from other Latin texts by them.

A language here serves one end: is a sentence prose, and which of its words are no answer. The lists are short on
purpose: prose has several of its language's most frequent words, whatever it is about.
"""

import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files

from sources.index.scripts import UNSPACED_LETTER
from sources.languages import LATIN, script_language

ENGLISH = frozenset(
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
SHARING_LATIN, SHARING_CYRILLIC, SHARING_ARABIC = (
    tuple("de fr es it pt nl sv da fi pl cs hu ro tr id vi hr sk sl ca lt lv et sw af".split()),  # noqa: SIM905
    ("ru", "uk", "bg", "be", "sr"),
    ("ar", "fa", "ur"),
)
"""Languages that share a script; of others the script is enough."""
_SHARING = {LATIN: SHARING_LATIN, "ru": SHARING_CYRILLIC, "ar": SHARING_ARABIC}


def language_of(sentence: str, words: list[str]) -> str:
    """The language of a sentence, by its script and the function words among its lower-case words; English first."""
    script = script_language(sentence)
    counts = Counter({language: _hits(language, words) for language in (script, *_SHARING.get(script, ()))})
    return max(counts, key=lambda language: counts[language])


def n_function_words(language: str, sentence: str, words: list[str]) -> int:
    """How many function words of a language a sentence has; `words` are its words in lower case."""
    if UNSPACED_LETTER.search(sentence):
        return sum(sentence.count(word) for word in function_words(language))
    return _hits(language, words)


def is_function_word(language: str, word: str) -> bool:
    """True for a function word of the language, in any case."""
    return word.lower() in function_words(language)


@cache
def function_words(language: str) -> frozenset[str]:
    """The function words of a language, without endings; none of a language without a list."""
    return ENGLISH if language == LATIN else frozenset(word for word in _listed(language) if word[0] != "-")


def _hits(language: str, words: list[str]) -> int:
    known, endings = function_words(language), _endings(language)
    return sum(word in known or (bool(endings) and word.endswith(endings)) for word in words)


@cache
def _endings(language: str) -> tuple[str, ...]:
    return tuple(word[1:] for word in _listed(language) if word[0] == "-") if language != LATIN else ()


@cache
def _listed(language: str) -> tuple[str, ...]:
    return tuple(_lists().get(language, "").split())


@cache
def _lists() -> dict[str, str]:
    text = files("flows.domains.search.composers").joinpath("function_words.toml").read_text("utf-8")
    found: dict[str, str] = tomllib.loads(text)
    return found
