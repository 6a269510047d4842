"""Encodes and decodes as a byte-level BPE tokenizer does (Qwen, Llama 3, DeepSeek, gpt-oss), at a fifth of its cost.

Such a tokenizer cuts a text by one expression and encodes each piece by itself (Radford et al., 2019, GPT-2). For a
text in ASCII the pieces are found here, and the ids of a piece that occurred before are taken from a cache: 0.05 ms for
a tool's result of 230 tokens, where the Rust core takes 0.3 ms. Decoding joins the bytes of the tokens.
"""

import json
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from flows.tokenizing.harmony_vocabulary import byte_characters

MOST_PIECES = 1 << 17
"""Pieces whose ids are kept, some 20 MB; beyond that the cache starts anew."""
LONGEST_PIECE = 64
"""Characters of a piece that is kept."""
ASCII_CLASSES = {r"\p{L}": "a-zA-Z", r"\p{N}": "0-9", r"\p{Lu}": "A-Z", r"\p{Ll}": "a-z"}
"""Classes of the expressions, in ASCII."""
DIFFERENT = re.compile(r"&&|\[\[|\d\}\+|(?<![\[\\])\^|(?<!\\)\$")
"""Signs that other engines of expressions read otherwise than `re`."""
PROBE = "A probe: it's 12,345 (or 'VE) a_b/c.d?e=f;\n\n  and\tblanks   \r\n  {\"x\": [1.5, -2]}\n\n\n    END. "
NONE_IN_ASCII = (r"\p{Lt}", r"\p{Lm}", r"\p{Lo}", r"\p{M}")


class _Pieces(dict[str, Sequence[int]]):
    """Piece of a text -> its ids."""

    def __init__(self, core: Any) -> None:
        super().__init__()
        self._core = core

    def __missing__(self, piece: str) -> Sequence[int]:
        ids: Sequence[int] = self._core.encode(piece, add_special_tokens=False).ids
        if len(piece) <= LONGEST_PIECE:
            if len(self) >= MOST_PIECES:
                self.clear()
            self[piece] = ids
        return ids


class _TokenBytes(dict[int, bytes]):
    """Token id -> its bytes; none for an id that the vocabulary lacks."""

    def __init__(self, core: Any) -> None:
        super().__init__()
        self._core = core
        self._bytes = {character: byte for byte, character in byte_characters().items()}

    def __missing__(self, token_id: int) -> bytes:
        token = self._core.id_to_token(token_id) or ""
        known = [self._bytes.get(character) for character in token]
        self[token_id] = token.encode() if None in known else bytes(byte for byte in known if byte is not None)
        return self[token_id]


class ByteLevel:
    """A byte-level tokenizer; `core` is the Rust core of a Hugging Face tokenizer."""

    def __init__(self, core: Any, pattern: re.Pattern[str]) -> None:
        self._core, self._pattern = core, pattern
        self._pieces, self._bytes = _Pieces(core), _TokenBytes(core)
        added = [token.content for token in core.get_added_tokens_decoder().values()]
        self._may_be_added = re.compile("|".join(sorted({re.escape(content[0]) for content in added if content})))
        self._has_added = bool(added)

    def encode(self, text: str) -> list[int] | None:
        """Ids of a text without special tokens; None for one that is not plain ASCII, or may hold an added token."""
        if not text.isascii() or (self._has_added and self._may_be_added.search(text)):
            return None
        pieces = self._pattern.findall(text)
        if sum(map(len, pieces)) != len(text):  # what the expression leaves out is a piece, too
            return None
        return list(chain.from_iterable(map(self._pieces.__getitem__, pieces)))

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens included."""
        return b"".join(map(self._bytes.__getitem__, token_ids)).decode("utf-8", "replace")


def byte_level(core: Any) -> ByteLevel | None:
    """The tokenizer of a Rust core if it cuts text by one known expression and works on bytes, else None."""
    if _state(core.decoder).get("type") != "ByteLevel" or _state(core.normalizer).get("type", "NFC") != "NFC":
        return None
    if type(core.model).__name__ != "BPE" or core.model.dropout:
        return None
    pattern = _pattern(_state(core.pre_tokenizer))
    found = ByteLevel(core, pattern) if pattern else None
    return found if found and found.encode(PROBE) == core.encode(PROBE, add_special_tokens=False).ids else None


def _pattern(state: dict[str, Any]) -> re.Pattern[str] | None:
    """The expression that cuts a text, for text in ASCII; None where another step cuts too, or a class is unknown."""
    split, *others = state.get("pretokenizers", [{}])
    cuts = split.get("type") == "Split" and (split.get("behavior"), split.get("invert")) == ("Isolated", False)
    last = [(one.get("type"), one.get("use_regex"), one.get("add_prefix_space")) for one in others]
    expression = split.get("pattern", {}).get("Regex")
    if not cuts or last != [("ByteLevel", False, False)] or not expression or DIFFERENT.search(expression):
        return None
    return _in_ascii(expression)


def _in_ascii(expression: str) -> re.Pattern[str] | None:
    """The expression with its classes in ASCII, all of it without groups; None if `re` cannot read it.

    `re.ASCII` keeps blanks to those that every engine of expressions takes for blanks.
    """
    pieces, in_class = [], False
    for sign in re.findall(r"\\p\{\w+\}|\\.|\[|\]|[^\\\[\]]", expression):
        if sign in NONE_IN_ASCII and in_class:
            continue
        named = ASCII_CLASSES.get(sign)
        pieces.append(sign if named is None else named if in_class else f"[{named}]")
        in_class = sign == "[" or (in_class and sign != "]")
    if "\\p" in (joined := "".join(pieces)):
        return None
    try:
        pattern = re.compile(joined, re.ASCII)
    except re.error:
        return None
    return pattern if not pattern.groups else None


def _state(part: Any) -> dict[str, Any]:
    """A part of a tokenizer as JSON; empty if there is none."""
    return dict(json.loads(part.__getstate__())) if part is not None else {}
