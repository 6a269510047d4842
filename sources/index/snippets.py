"""Chooses the sentences that show why a page matches a query: its best one, and those with the words still missing.

Sentences are compared by `comparable_words`, as `find` compares passages.
"""

from collections.abc import Iterable, Set
from functools import lru_cache

from sources.index.scripts import comparable_words
from sources.index.sentences import sentences

MORE = 2
"""Sentences of a page shown beside its best passage, each with query words that those before it lack."""
KEPT_TEXTS = 1_024
"""Texts whose words are kept in memory, some 8 MB: the passages that queries match recur."""


def match_score(phrase: str, passage: str) -> float:
    """The share of the words of a comparable phrase in the passage, plus 1 if it holds the whole phrase."""
    text, words = comparable_words(passage), set(phrase.split())
    if not words:
        return 0.0
    share = len(words & set(text.split())) / len(words)
    return share + (f" {phrase} " in f" {text} ")


def best_sentence(query: str, passage: str) -> str:
    """The sentence with most words of the query, the shortest of equal ones."""
    words = words_of(query)
    return max(_sentences(passage), key=lambda sentence: (len(words & words_of(sentence)), -len(sentence)))


def missing_words_shown(shown: str, passages: Iterable[str], words: Set[str]) -> tuple[str, ...]:
    """Sentences of further passages that hold words of the query which the shown text lacks."""
    more, left = list[str](), set(words - words_of(shown))
    for passage in passages:
        for sentence in _sentences(passage) if _may_hold(passage, left) else ():
            if len(more) < MORE and _may_hold(sentence, left) and (found := left & words_of(sentence)):
                more.append(sentence)
                left -= found
    return tuple(more)


@lru_cache(KEPT_TEXTS)
def words_of(text: str) -> frozenset[str]:
    """The comparable words of a text."""
    return frozenset(comparable_words(text).split())


def _may_hold(text: str, words: Set[str]) -> bool:
    """False if the text surely holds none of the words, which is quickly seen in ASCII."""
    lower = text.lower()
    return bool(words) and (not text.isascii() or any(word in lower for word in words))


def _sentences(passage: str) -> list[str]:
    return [sentence for line in passage.split("\n") for sentence in sentences(line)]
