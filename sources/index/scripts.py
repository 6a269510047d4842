"""Prepares text of every script for the inverted index, for comparing words and for counting them.

Tantivy's tokenizer cuts words at spaces and signs. Chinese, Japanese, Thai, Lao, Khmer and Burmese write none, and
Korean joins particles to its nouns: runs of these scripts become their characters and overlapping pairs, as in Lucene's
CJKAnalyzer. Text in ASCII is passed on as it is.
"""

import math
import re
import unicodedata

import regex

UNSPACED = re.compile(
    "[\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
TONES = re.compile("[\u0e47-\u0e4e\u0ec8-\u0ecd\u1037-\u103a\u17c6-\u17d3]")
"""Marks at which the tokenizer would cut; they are left out of documents and queries alike."""
HAN_OR_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー]")
UNSPACED_LETTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー]")
"""Letters of scripts without spaces between words, one by one; Korean has such spaces."""
LETTERS_PER_WORD, HAN_PER_WORD = 4, 2
"""Letters of a word of a script without spaces, in the mean: two in Chinese and Japanese, four in Thai and others."""
WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+")
MARKS = re.compile("(?<=[a-z])[\u0300-\u036f]+", re.I)


def indexed(text: str) -> str:
    """The text as the index gets it, with the characters and the pairs of unspaced scripts as words."""
    return text if text.isascii() else UNSPACED.sub(_grams, _compatible(text))


def queried(text: str) -> str:
    """The text as a query: pairs only, where a run has two characters or more."""
    return text if text.isascii() else UNSPACED.sub(lambda run: f" {_pairs(run.group())} ", _compatible(text))


def comparable_words(text: str) -> str:
    """The words of a text in lower case and without accents, single spaces between, unspaced scripts in pairs."""
    folded = queried(text).lower()
    if folded.isascii():
        return " ".join(re.findall(r"[^\W_]+", folded))
    return " ".join(WORD.findall(_without_accents(folded)))


def lowercase_words(text: str) -> str:
    """The words in lower case with single spaces between; quotations, titles and queries are compared so.

    Each letter of a script without spaces is a word, so that a part of a sentence is found in it. The same form is
    computed in SQL (`warehouse/sql/tasks/probe_counts.sql`).
    """
    if text.isascii():
        return " ".join(re.findall(r"[^\W_]+", text.lower()))
    lower = text.replace("İ", "i").lower().replace("ς", "σ")
    return " ".join(WORD.findall(UNSPACED_LETTER.sub(r" \g<0> ", lower)))


def word_count(text: str) -> int:
    """The number of words between blanks; two letters of Chinese or Japanese count as one, four of Thai and others."""
    if text.isascii() or not (letters := len(UNSPACED_LETTER.findall(text))):
        return len(text.split())
    han = len(HAN_OR_KANA.findall(text))
    n_spaced = sum(bool(WORD.search(word)) for word in UNSPACED_LETTER.sub(" ", text).split())
    return n_spaced + math.ceil(han / HAN_PER_WORD) + math.ceil((letters - han) / LETTERS_PER_WORD)


def share_of_word(unit: str) -> float:
    """The part of `word_count` of one letter of a script without spaces, or of one word of another."""
    if not UNSPACED_LETTER.search(unit):
        return 1.0
    return 1 / HAN_PER_WORD if HAN_OR_KANA.search(unit) else 1 / LETTERS_PER_WORD


def _grams(run: re.Match[str]) -> str:
    return f" {' '.join(run.group())} {_pairs(run.group())} " if len(run.group()) > 1 else f" {run.group()} "


def _pairs(run: str) -> str:
    return " ".join(run[at : at + 2] for at in range(max(1, len(run) - 1)))


def _compatible(text: str) -> str:
    return TONES.sub("", unicodedata.normalize("NFKC", text))


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFC", MARKS.sub("", unicodedata.normalize("NFD", text)))
