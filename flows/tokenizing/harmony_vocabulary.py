"""Gives OpenAI's harmony encoder its vocabulary from the tokenizer, so that gpt-oss needs no download.

The encoder wants OpenAI's file of tokens and ranks from the network. The tokenizer of gpt-oss holds the same tokens,
so the file is written from it once, byte for byte, checked by its hash, and kept in the user's cache.
"""

import base64
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

VARIABLE = "TIKTOKEN_ENCODINGS_BASE"
"""The environment variable in which harmony finds the folder of its vocabularies."""
FILE = "o200k_base.tiktoken"
SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
MARK = "<|constrain|>"
"""A control token that only tokenizers of harmony have."""


class VocabularyError(Exception):
    """The tokenizer does not hold the vocabulary of gpt-oss."""


def provide_vocabulary(tokenizer: Any) -> None:
    """Set TIKTOKEN_ENCODINGS_BASE to a folder with harmony's vocabulary, unless it is set.

    Raises VocabularyError if the tokenizer is not that of gpt-oss.
    """
    if os.environ.get(VARIABLE):
        return
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "horizon-factory" / "encodings"
    if not _is_whole(folder / FILE):
        _write(folder, _ranks(tokenizer))
    os.environ[VARIABLE] = str(folder)


def _is_whole(file: Path) -> bool:
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == SHA256


def _ranks(tokenizer: Any) -> bytes:
    """Lines of a token in base64 and its rank, the format of tiktoken."""
    added, vocabulary = tokenizer.get_added_vocab(), tokenizer.get_vocab()
    if MARK not in added:
        raise VocabularyError(f"the tokenizer has no token {MARK}: it is not that of gpt-oss")
    tokens = sorted((rank, token) for token, rank in vocabulary.items() if token not in added)
    byte_of = {character: byte for byte, character in byte_characters().items()}
    lines = [
        base64.b64encode(bytes(byte_of[one] for one in token)) + b" %d\n" % rank
        for rank, token in tokens
        if all(one in byte_of for one in token)
    ]
    ranks = b"".join(lines)
    if hashlib.sha256(ranks).hexdigest() != SHA256:
        raise VocabularyError("the tokenizer's tokens are not those of gpt-oss (sha256 differs)")
    return ranks


def _write(folder: Path, ranks: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(ranks)
    Path(file.name).replace(folder / FILE)


def byte_characters() -> dict[int, str]:
    """The printable character for each byte in byte-level vocabularies (GPT-2's table)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + place) for place, byte in enumerate(others)}
