"""A tokenizer that leaves text text: what looks like a special token in it never becomes one.

Guarded text is encoded part by part, cut inside everything that reads like a special token. Renderers ask
for many small encodings a turn, so where the tokenizer is a Rust one it is asked directly: the wrapper
around it costs ten times the work itself.
"""

import json
import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from schemas import sha256_text

CUT = "\ufdd0"
"""A code point that no text may hold: cuts text into parts that are encoded apart."""
SHORT = 32
"""Characters of a text that comes again and again: role names, line ends."""
KEPT = 512
PLAIN: dict[str, Any] = {"add_special_tokens": False}
PROBE = " A probe: é, 日本, 🙂\n\n  and\tspaces "


class Literal:
    """A Hugging Face tokenizer that encodes guarded text literally; all else is the tokenizer's own."""

    def __init__(self, tokenizer: Any, *, offsets: bool = True) -> None:
        self._tokenizer = tokenizer
        self._offsets = offsets
        self._rust = _rust(tokenizer)
        tokens = tokenizer.added_tokens_decoder.values()
        added = [token.content for token in tokens if len(token.content) > 1 and _commands(token)]
        self._special = re.compile("|".join(f"(?={re.escape(token)})" for token in added) or "(?!)")
        self._short = lru_cache(KEPT)(lambda text: self._encoded(text, PLAIN))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def guard(self, text: str) -> str:
        """The text with a CUT inside everything that looks like a special token."""
        plain = text.encode("utf-8", "replace").decode().replace(CUT, "\ufffd")
        places = [0, *(match.start() + 1 for match in self._special.finditer(plain)), len(plain)]
        return CUT.join(plain[start:end] for start, end in pairwise(places)) if len(places) > 2 else plain

    def vocabulary_sha256(self) -> str:
        """Names the ids: a hash of the vocabulary, added tokens included, 64 hex digits."""
        return sha256_text(json.dumps(sorted(self._tokenizer.get_vocab().items())))

    def encode(self, text: str, **options: Any) -> list[int]:
        """Ids of guarded text."""
        if options == PLAIN and len(text) <= SHORT:
            return list(self._short(text))
        return self._encoded(text, options)

    def __call__(self, text: str, **options: Any) -> dict[str, list[Any]]:
        """Ids and, where asked for and known, their offsets in the guarded text.

        Raises NotImplementedError when asked for offsets by one who was made to give none.
        """
        if not self._offsets and options.get("return_offsets_mapping"):
            raise NotImplementedError
        found: dict[str, list[Any]] = {"input_ids": []}
        at = 0
        for part in text.split(CUT):
            encoded = self._called(part, options) if part else {"input_ids": []}
            found["input_ids"] += encoded["input_ids"]
            for start, end in encoded.get("offset_mapping", []):
                found.setdefault("offset_mapping", []).append((start + at, end + at))
            at += len(part) + len(CUT)
        return found

    def _encoded(self, text: str, options: dict[str, Any]) -> list[int]:
        parts = [part for part in text.split(CUT) if part]
        if self._rust is not None and options == PLAIN:
            return [token for part in parts for token in self._rust.encode(part, **PLAIN).ids]
        return [token for part in parts for token in self._tokenizer.encode(part, **options)]

    def _called(self, part: str, options: dict[str, Any]) -> Any:
        if self._rust is None or options != PLAIN | {"return_offsets_mapping": True}:
            return self._tokenizer(part, **options)
        encoding = self._rust.encode(part, **PLAIN)
        return {"input_ids": encoding.ids, "offset_mapping": encoding.offsets}


def _commands(token: Any) -> bool:
    """Whether an added token is a mark of the model's own and no word or run of blanks: `]~b]`, `/nothink`, `<td>`."""
    first = token.content[0]
    return token.special or not (first.isalnum() or first.isspace() or first == "\u2581")


def _rust(tokenizer: Any) -> Any:
    """The tokenizer's Rust core where it says the same as the tokenizer, else None.

    The wrapper's first call takes truncation and padding off the core, for good.
    """
    core = getattr(tokenizer, "backend_tokenizer", None)
    if core is None:
        return None
    probe = PROBE + "".join(list(tokenizer.get_added_vocab())[:8])
    return core if tokenizer.encode(probe, **PLAIN) == core.encode(probe, **PLAIN).ids else None
