"""Splits Markdown into blocks and the short passages that search returns.

Small models do best with one short passage per observation, so a page is split into passages of about a
hundred words, at the ends of blocks and sentences. Tasks are composed from the same sentences, so that search
can find every sentence that a task quotes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import regex

from sources.index.html_in_markdown import without_html
from sources.index.scripts import UNSPACED_LETTER, share_of_word, word_count
from sources.index.sentences import raw_sentences

PASSAGE_WORDS, PASSAGE_CHARS = 100, 1_200
"""Maximum words (as `word_count` counts them) and characters of a passage; a longer sentence is cut."""
LONGEST_UNIT = 200
"""Characters without a blank that are cut only where they pass this length."""
FULL_WORDS = 60
"""A passage of at least this many words ends with its block."""

_LINK = re.compile(r"!?\[((?:\\.|`[^`\n]*`|[^\[\]\\\n])*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_BOLD = re.compile(r"(?<!\\)\*\*(?=\S)((?:\\.|[^*\\\n])+?)(?<=\S)\*\*")
_ITALIC = re.compile(r"(?<![\w*\\])\*(?=[^\s*])((?:\\.|[^*\\\n])+?)(?<=\S)\*(?![\w*])")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|~<>$&\"'=:-])")
_CELLS = re.compile(r"(?<!\\)\|")
_MARKER = re.compile(r"\s*(?:#{1,6}\s+|[-*+•]\s+|\d{1,3}[.)]\s+|:\s+|>\s?|```|~~~|\|)")
_SIGNATURE = re.compile(r"\s*(?:class |def )?[\w.\\*]+\(.*\)(?: -> .*)?:?\s*")
"""A line that is only a signature is a block of its own; the lines after it are prose about it."""
_RULE = re.compile(r"[\s|:*=_~`^-]*")
_LETTER = UNSPACED_LETTER.pattern
_UNIT = regex.compile(rf"\s*(?:{_LETTER}|(?:(?!{_LETTER})\S){{1,{LONGEST_UNIT}}})\p{{M}}*\s*")
"""A word with its blanks, a letter of a script without spaces, or a part of a very long word."""


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, list item or table cell without Markdown; `start` is its offset in the raw text."""

    start: int
    text: str


@dataclass(frozen=True)
class Passage:
    """About a hundred words of a page; `start` is its character offset in the raw text."""

    start: int
    text: str


def blocks(markdown: str) -> Iterator[Block]:
    """Yield the page's blocks in reading order, each on one line, links and emphasis replaced by their text."""
    start, lines = 0, list[str]()
    position = 0
    for line in markdown.splitlines(keepends=True):
        own_block = line.lstrip().startswith("#") or (")" in line and bool(_SIGNATURE.fullmatch(line)))
        if own_block or not line.strip() or _MARKER.match(line):
            yield from _block(start, lines)
            lines = []
        if own_block or "|" in line:
            yield from _cells(position, line)
        elif line.strip():
            start = start if lines else position
            lines.append(line)
        position += len(line)
    yield from _block(start, lines)


def passages(markdown: str) -> Iterator[Passage]:
    """Yield the page as consecutive passages that together hold all its words."""
    start, words, chars, pieces = 0, 0, 0, list[str]()
    for at, piece, opens_block in _pieces(markdown):
        n = word_count(piece)
        full = words + n > PASSAGE_WORDS or chars + len(piece) >= PASSAGE_CHARS
        if pieces and (full or (opens_block and words >= FULL_WORDS)):
            yield Passage(start, "".join(pieces).strip())
            words, chars, pieces = 0, 0, []
        start = start if pieces else at
        pieces += ["\n", piece] if opens_block else [piece]
        words, chars = words + n, chars + len(piece) + opens_block
    if pieces:
        yield Passage(start, "".join(pieces).strip())


def _pieces(markdown: str) -> Iterator[tuple[int, str, bool]]:
    """(offset of the block, text with the blanks after it, True if it opens the block) of each piece of a passage."""
    for block in blocks(markdown):
        opens_block = True
        for sentence in raw_sentences(block.text):
            for piece in _cut(sentence):
                yield block.start, piece, opens_block
                opens_block = False


def _cut(sentence: str) -> Iterator[str]:
    """The sentence in pieces that each fit into a passage, cut between words."""
    if len(sentence) <= PASSAGE_WORDS or (len(sentence) < PASSAGE_CHARS and word_count(sentence) <= PASSAGE_WORDS):
        yield sentence
        return
    start, end, words = 0, 0, 0.0
    for unit in _UNIT.finditer(sentence):
        n = share_of_word(unit.group())
        if end > start and (unit.end() - start >= PASSAGE_CHARS or words + n > PASSAGE_WORDS - 1):
            yield sentence[start:end]
            start, words = end, 0.0
        end, words = unit.end(), words + n
    yield sentence[start:]


def _cells(position: int, line: str) -> Iterator[Block]:
    for cell in _CELLS.split(line) if "|" in line else (line,):
        yield from _block(position, [cell])
        position += len(cell) + 1


def _block(start: int, lines: Iterable[str]) -> Iterator[Block]:
    text = _plain(" ".join(line.strip() for line in lines))
    if not _RULE.fullmatch(text):
        yield Block(start, text)


def _plain(text: str) -> str:
    marker = _MARKER.match(text)
    text = text[marker.end() :] if marker else text
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text or "[^" in text:
        text = without_html(text)
    if "*" in text:
        text = _ITALIC.sub(r"\1", _BOLD.sub(r"\1", text))
    text = text.replace("`", "")
    return " ".join((_ESCAPE.sub(r"\1", text) if "\\" in text else text).split())
