"""Tokenizers of a rehearsal: the one that the settings name, or a splitter that needs no vocabulary.

A rehearsal measures lengths, so a model's own tokenizer is the better one. The splitter cuts words, numbers and
punctuation into pieces; on tool results in English a test compares its counts with Qwen3's.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from flows.rollout.protocol import TeacherRefused
from flows.tokenizing.hub import hub_or_cache
from flows.tokenizing.literal_tokenizer import LiteralTokenizer

PIECE = re.compile(r" ?[A-Za-z]{1,8}|[0-9]|\s+|[^\sA-Za-z0-9]{1,3}")
"""A word of up to 8 letters with the blank before it, a digit, blanks, or up to 3 other characters."""


class Markers(NamedTuple):
    """Ids that no text gives: start and end of a message, and the start of a list of calls."""

    start: int
    end: int
    calls: int


class Tokenizer(Protocol):
    """Text as token ids and back."""

    name: str
    markers: Markers

    def encode(self, text: str) -> list[int]:
        """Ids of the text, none added; a control token written in it stays text."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids without markers."""
        ...


class Pieces:
    """The splitter. It numbers pieces as they come, so its ids have a meaning in one run only."""

    name = "pieces"
    markers = Markers(0, 1, 2)

    def __init__(self) -> None:
        self._texts = ["", "", ""]
        self._ids: dict[str, int] = {}

    def encode(self, text: str) -> list[int]:
        """One id per piece."""
        return [self._id(piece) for piece in PIECE.findall(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """The pieces."""
        return "".join(self._texts[one] for one in ids)

    def _id(self, piece: str) -> int:
        if piece not in self._ids:
            self._ids[piece] = len(self._texts)
            self._texts.append(piece)
        return self._ids[piece]


class ModelTokenizer:
    """A Hugging Face tokenizer; the markers are the ids after its vocabulary."""

    def __init__(self, tokenizer: Any) -> None:
        self._literal = LiteralTokenizer(tokenizer)
        self.name = str(tokenizer.name_or_path)
        self.markers = Markers(*range(len(tokenizer), len(tokenizer) + 3))

    def encode(self, text: str) -> list[int]:
        """Ids of the text, special tokens in it as text."""
        return self._literal.encode(self._literal.guard(text), add_special_tokens=False)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the ids."""
        return str(self._literal.decode(list(ids)))


def open_tokenizer(name: str | None) -> Tokenizer:
    """The tokenizer of that name or folder, or the splitter. Raises TeacherRefused if it cannot be loaded."""
    if name is None:
        return Pieces()
    from renderers.base import load_tokenizer

    with hub_or_cache(name):
        try:
            return ModelTokenizer(load_tokenizer(name))
        except (OSError, ValueError) as error:
            raise TeacherRefused(
                f"tokenizer {name} cannot be loaded ({error}); set teacher.tokenizer to the folder of a model"
            ) from error
