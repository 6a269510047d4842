"""Prepares text of every script for the inverted index and for comparing words.

Tantivy's tokenizer cuts words at spaces and signs. Chinese, Japanese, Thai, Lao, Khmer and Burmese write none, and
Korean joins particles to its nouns: runs of these scripts become their characters and overlapping pairs, as in Lucene's
CJKAnalyzer. Text in ASCII is passed on as it is.
"""

import re
import unicodedata

UNSPACED = re.compile(
    "[\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
TONES = re.compile("[\u0e47-\u0e4e\u0ec8-\u0ecd\u1037-\u103a\u17c6-\u17d3]")
"""Marks at which the tokenizer would cut; they are left out of documents and queries alike."""
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
    return " ".join(re.findall(r"[^\W_]+", folded if folded.isascii() else _without_accents(folded)))


def _grams(run: re.Match[str]) -> str:
    return f" {' '.join(run.group())} {_pairs(run.group())} " if len(run.group()) > 1 else f" {run.group()} "


def _pairs(run: str) -> str:
    return " ".join(run[at : at + 2] for at in range(max(1, len(run) - 1)))


def _compatible(text: str) -> str:
    return TONES.sub("", unicodedata.normalize("NFKC", text))


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFC", MARKS.sub("", unicodedata.normalize("NFD", text)))
