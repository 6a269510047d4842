"""The text of sampled tokens, so that a page can shade each by its probability.

Only the vocabulary that an attempt was sampled with gives the right text: it is compared by its hash, and an attempt of
another one is shown without words. The vocabulary is read from this machine alone, since a page must not wait for a
download.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.tokenizing.literal_tokenizer import vocabulary_hash
from flows.view.shades import shade

if TYPE_CHECKING:
    from tokenizers import Tokenizer

LOG = logging.getLogger(__name__)
FILE = "tokenizer.json"
LONGEST_CHARACTER = 4
"""Bytes of the longest character in UTF-8, and so the most tokens that it can be split into."""
SPLIT = "\ufffd"
"""Decoders write it for a part of a character."""


@dataclass(frozen=True)
class Word:
    """Text with its shade and the probability of its token; probable tokens in a row are one word without one."""

    text: str
    shade: int
    probability: float | None


class Vocabulary:
    """The texts of token ids."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        self._tokenizer = tokenizer
        self.sha256 = vocabulary_hash(tokenizer.get_vocab())
        self._before = tokenizer.encode("a", add_special_tokens=False).ids
        self._before_chars = len(tokenizer.decode(self._before, skip_special_tokens=False))
        self._texts: dict[int, str] = {}

    def words(self, ids: Sequence[int], logprobs: Sequence[float]) -> list[Word]:
        """The tokens as words, in order."""
        words, probable = list[Word](), list[str]()
        for text, logprob in self._characters(ids, logprobs):
            if (level := shade(logprob)) == 0:
                probable.append(text)
                continue
            words += _joined(probable)
            words.append(Word(text, level, math.exp(logprob)))
            probable.clear()
        return [*words, *_joined(probable)]

    def _characters(self, ids: Sequence[int], logprobs: Sequence[float]) -> Iterator[tuple[str, float]]:
        """Whole characters with the log-probability of their least probable token."""
        if new := sorted(set(ids) - self._texts.keys()):
            self._texts.update(zip(new, self._decoded([[one] for one in new]), strict=True))
        parts, least = list[int](), 0.0
        for id, logprob in zip(ids, logprobs, strict=True):
            parts.append(id)
            least = min(least, logprob)
            text = self._texts[id] if len(parts) == 1 else self._decoded([parts])[0]
            if SPLIT not in text or len(parts) == LONGEST_CHARACTER:
                yield text, least
                parts, least = [], 0.0
        if parts:
            yield self._decoded([parts])[0], least

    def _decoded(self, lists: Sequence[Sequence[int]]) -> list[str]:
        """The text of each list of ids after a letter: at the start of a text some decoders drop a space."""
        texts = self._tokenizer.decode_batch([[*self._before, *ids] for ids in lists], skip_special_tokens=False)
        return [text[self._before_chars :] for text in texts]


class LocalVocabulary:
    """The vocabulary of a tokenizer by name or folder. It is read in the background, since that takes a second."""

    def __init__(self, name: str | None) -> None:
        pool = ThreadPoolExecutor(1, thread_name_prefix="vocabulary")
        self._reading = pool.submit(_read, name)
        pool.shutdown(wait=False)

    def of(self, sha256: str | None) -> Vocabulary | None:
        """The vocabulary if it has this hash; None if it is another one, or cannot be read on this machine."""
        if sha256 is None:
            return None
        read = self._reading.result()
        return read if read and read.sha256 == sha256 else None


def _joined(texts: Sequence[str]) -> list[Word]:
    return [Word("".join(texts), 0, None)] if texts else []


def _read(name: str | None) -> Vocabulary | None:
    path = _file(name) if name else None
    if path is None:
        return None
    from tokenizers import Tokenizer

    try:
        return Vocabulary(Tokenizer.from_file(str(path)))
    except Exception as error:  # tokenizers raises nothing narrower
        LOG.warning("%s cannot be read, so sampled tokens are shown without their text: %s", path, error)
        return None


def _file(name: str) -> Path | None:
    """The file of a tokenizer: in its folder, or in the cache of the Hugging Face Hub."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder / FILE if (folder / FILE).is_file() else None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, FILE)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None
