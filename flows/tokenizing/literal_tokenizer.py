"""A tokenizer that encodes text literally, so that text which looks like a special token never becomes one.

Guarded text carries cut marks inside everything that reads like a special token, and its parts are encoded separately.
Renderers request many small encodings per turn, so the tokenizer's Rust core is called directly where there is one:
the Python wrapper costs ten times as much as the core. Where the core works on bytes, `byte_level.py` takes its place.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from flows.tokenizing.byte_level import byte_level
from schemas import sha256_text

CUT = "\ufdd0"
"""Cut mark: a Unicode noncharacter, which text must not contain."""
SHORT_CHARS = 32
"""Texts up to this length are cached: role names and line ends recur."""
CACHE_SIZE = 512
PLAIN: dict[str, Any] = {"add_special_tokens": False}
WHOLE: dict[str, Any] = {"skip_special_tokens": False}
PROBE = " A probe: é, 日本, 🙂\n\n  and\tspaces "


class LiteralTokenizer:
    """A Hugging Face tokenizer that encodes guarded text literally; every other attribute is the tokenizer's own."""

    def __init__(self, tokenizer: Any, *, offsets: bool = True) -> None:
        self._tokenizer = tokenizer
        self._offsets = offsets
        self._rust = _rust_core(tokenizer)
        self._rust_decodes = self._rust is not None and _decodes_alike(tokenizer, self._rust)
        self._byte_level = byte_level(self._rust) if self._rust is not None else None
        self._token_id = lru_cache(CACHE_SIZE)(tokenizer.convert_tokens_to_ids)
        self.unk_token_id: int | None = getattr(tokenizer, "unk_token_id", None)
        """Renderers ask for it three times a completion, and the tokenizer looks for it each time."""
        tokens = tokenizer.added_tokens_decoder.values()
        added = [token.content for token in tokens if len(token.content) > 1 and _is_control(token)]
        self._special = re.compile(_first_characters(added))
        self._guards = True
        self._encode_short = lru_cache(CACHE_SIZE)(lambda text: self._encode_parts(text, PLAIN))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def guard(self, text: str) -> str:
        """The text with a cut mark inside everything that looks like a special token."""
        plain = text.encode("utf-8", "replace").decode().replace(CUT, "\ufffd")
        if not self._guards:
            return plain
        places = [0, *(match.start() + 1 for match in self._special.finditer(plain)), len(plain)]
        return CUT.join(plain[start:end] for start, end in pairwise(places)) if len(places) > 2 else plain

    def fit(self, renderer: Any) -> None:
        """Stop cutting if this renderer encodes messages by itself, always literally, as gpt-oss's does.

        Raises ValueError if it encodes by itself and takes control tokens from the text of a message.
        """
        control = next(token.content for token in self._tokenizer.added_tokens_decoder.values() if token.special)
        message = {"role": "user", "content": self.guard(control)}
        if CUT not in self._tokenizer.decode(renderer.render_ids([message])):
            return
        self._guards = False
        plain, other = (renderer.render_ids([message | {"content": text}]) for text in (control, "-"))
        token = self._tokenizer.convert_tokens_to_ids(control)
        if plain.count(token) > other.count(token):
            raise ValueError(f"it reads {control} in the text of a message as a control token")

    def vocabulary_sha256(self) -> str:
        """SHA-256 of the vocabulary with its ids, added tokens included; 64 hex digits."""
        return vocabulary_hash(self._tokenizer.get_vocab())

    def encode(self, text: str, **options: Any) -> list[int]:
        """Ids of guarded text."""
        if options == PLAIN and len(text) <= SHORT_CHARS:
            return list(self._encode_short(text))
        return self._encode_parts(text, options)

    def convert_tokens_to_ids(self, tokens: str | list[str]) -> Any:
        """The id of a token, or the ids of several."""
        return self._token_id(tokens) if isinstance(tokens, str) else self._tokenizer.convert_tokens_to_ids(tokens)

    def decode(self, token_ids: list[int], **options: Any) -> str:
        """Text of the ids."""
        if self._rust_decodes and options == WHOLE:
            if self._byte_level:
                return self._byte_level.decode(token_ids)
            return str(self._rust.decode(token_ids, **WHOLE))
        return str(self._tokenizer.decode(token_ids, **options))

    def __call__(self, text: str, **options: Any) -> dict[str, list[Any]]:
        """Ids as `input_ids` and, with `return_offsets_mapping`, their character offsets in the guarded text.

        Raises NotImplementedError on `return_offsets_mapping` if the tokenizer was made with `offsets=False`.
        """
        if not self._offsets and options.get("return_offsets_mapping"):
            raise NotImplementedError
        found: dict[str, list[Any]] = {"input_ids": []}
        at = 0
        for part in text.split(CUT):
            encoded = self._encode_with_offsets(part, options) if part else {"input_ids": []}
            found["input_ids"] += encoded["input_ids"]
            for start, end in encoded.get("offset_mapping", []):
                found.setdefault("offset_mapping", []).append((start + at, end + at))
            at += len(part) + len(CUT)
        return found

    def _encode_parts(self, text: str, options: dict[str, Any]) -> list[int]:
        parts = [part for part in text.split(CUT) if part]
        if self._rust is not None and options == PLAIN:
            return [token for part in parts for token in self._plain_ids(part)]
        return [token for part in parts for token in self._tokenizer.encode(part, **options)]

    def _plain_ids(self, part: str) -> list[int]:
        ids = self._byte_level.encode(part) if self._byte_level else None
        return ids if ids is not None else list(self._rust.encode(part, **PLAIN).ids)

    def _encode_with_offsets(self, part: str, options: dict[str, Any]) -> Any:
        if self._rust is None or options != PLAIN | {"return_offsets_mapping": True}:
            return self._tokenizer(part, **options)
        encoding = self._rust.encode(part, **PLAIN)
        return {"input_ids": encoding.ids, "offset_mapping": encoding.offsets}


def vocabulary_hash(vocabulary: Mapping[str, int]) -> str:
    """SHA-256 of a vocabulary, the ids of its tokens; 64 hex digits."""
    return sha256_text(json.dumps(sorted(vocabulary.items())))


def _first_characters(tokens: list[str]) -> str:
    """An expression for the first character of each of the tokens, which Python searches for at once."""
    rest = defaultdict[str, list[str]](list)
    for token in tokens:
        rest[token[0]].append(re.escape(token[1:]))
    return "|".join(f"{re.escape(first)}(?={'|'.join(ends)})" for first, ends in rest.items()) or "(?!)"


def _is_control(token: Any) -> bool:
    """True if an added token is a control token such as `]~b]`, `/nothink` or `<td>`, not a word or a run of spaces."""
    first = token.content[0]
    return token.special or not (first.isalnum() or first.isspace() or first == "\u2581")


def _rust_core(tokenizer: Any) -> Any:
    """The tokenizer's Rust core if it encodes a probe as the tokenizer does, else None.

    The first call of the wrapper disables truncation and padding in the core permanently.
    """
    core = getattr(tokenizer, "backend_tokenizer", None)
    if core is None:
        return None
    probe = PROBE + "".join(list(tokenizer.get_added_vocab())[:8])
    return core if tokenizer.encode(probe, **PLAIN) == core.encode(probe, **PLAIN).ids else None


def _decodes_alike(tokenizer: Any, core: Any) -> bool:
    """True if the core gives the tokenizer's text of ids, blanks before punctuation included."""
    ids = core.encode(f"{PROBE} a . b , c ? d ' e n't 's", **PLAIN).ids
    return all(tokenizer.decode(part, **WHOLE) == core.decode(part, **WHOLE) for part in (ids, ids[1:], ids[2:3]))
