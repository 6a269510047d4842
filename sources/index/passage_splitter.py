"""Splits Markdown into blocks, sentences, and the short passages that search returns.

Small models do best with one short passage per observation, so a page is split into passages of about a
hundred words, at the ends of blocks and sentences. Tasks are composed from the same sentences, so that search
can find every sentence that a task quotes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sources.index.html_in_markdown import without_html

PASSAGE_WORDS = 100
"""Maximum words of a passage; a longer sentence is cut."""
FULL_WORDS = 60
"""A passage of at least this many words ends with its block."""

_LINK = re.compile(r"!?\[((?:\\.|`[^`\n]*`|[^\[\]\\\n])*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)")
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|~<>$&\"'=:-])")
_CELLS = re.compile(r"(?<!\\)\|")
_MARKER = re.compile(r"\s*(?:#{1,6}\s+|[-*+•]\s+|\d{1,3}[.)]\s+|:\s+|>\s?|```|~~~|\|)")
_SIGNATURE = re.compile(r"\s*(?:class |def )?[\w.\\*]+\(.*\)(?: -> .*)?:?\s*")
"""A line that is only a signature is a block of its own; the lines after it are prose about it."""
_RULE = re.compile(r"[\s|:*=_~`^-]*")
_SENTENCE_END = re.compile(r"""(?<=[.!?])["”')\]]*\s+(?=["“'(\[]*[A-Z0-9])""")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|al|Mr|Mrs|Dr|St|No|Fig|approx|ca|[A-Z])\.)$")


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


def sentences(text: str) -> list[str]:
    """Split a block into sentences; `e.g.` and initials do not end one."""
    found: list[str] = []
    for piece in _cut(text, _SENTENCE_END):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


def passages(markdown: str) -> Iterator[Passage]:
    """Yield the page as consecutive passages that together hold all its words."""
    start, words, pieces = 0, 0, list[str]()
    for at, piece, opens_block in _pieces(markdown):
        n = piece.count(" ") + 1
        if pieces and (words + n > PASSAGE_WORDS or (opens_block and words >= FULL_WORDS)):
            yield Passage(start, "".join(pieces).strip())
            words, pieces = 0, []
        start = start if pieces else at
        pieces += ["\n" if opens_block else " ", piece]
        words += n
    if pieces:
        yield Passage(start, "".join(pieces).strip())


def lowercase_words(text: str) -> str:
    """The text's words in lower case with single spaces between; quotations, titles and queries are compared so."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _pieces(markdown: str) -> Iterator[tuple[int, str, bool]]:
    for block in blocks(markdown):
        for i, sentence in enumerate(sentences(block.text)):
            words = sentence.split(" ")
            for cut in range(0, len(words), PASSAGE_WORDS):
                yield block.start, " ".join(words[cut : cut + PASSAGE_WORDS]), i == cut == 0


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


def _cut(text: str, at: re.Pattern[str]) -> Iterator[str]:
    start = 0
    for match in at.finditer(text):
        yield text[start : match.end()].strip()
        start = match.end()
    if text[start:].strip():
        yield text[start:].strip()
