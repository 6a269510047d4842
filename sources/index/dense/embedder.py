"""Turns texts into vectors: by a server that speaks `/v1/embeddings`, or by a small model that a package ships.

Both answer with one vector per text, in order. Requests to a server are repeated when it is busy or unreachable.
"""

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import httpx
import numpy as np
import numpy.typing as npt
import orjson

Vectors = npt.NDArray[np.float32]
"""(texts, dimensions)"""
TRIES, FIRST_WAIT_S = 4, 0.5
BUSY = {408, 409, 425, 429, 500, 502, 503, 504}
"""Status codes after which a request is repeated."""
WORDLLAMA, SERVER = "wordllama", "server"


class EmbedderError(RuntimeError):
    """Texts could not be embedded; the message names the server or package, and what to change."""


@dataclass(frozen=True)
class EmbedderChoice:
    """An embedder as settings name it; equal models with equal prefixes give equal vectors, wherever they run."""

    engine: str = WORDLLAMA
    """wordllama or server."""
    url: str = ""
    """Address of the server up to /v1."""
    model: str = ""
    key_variable: str = ""
    """Environment variable with the server's key."""
    passage_prefix: str = ""
    query_prefix: str = ""
    timeout_s: float = 60.0
    batch: int = 64
    """Texts per request."""
    parallel: int = 4
    """Requests at once."""

    @property
    def key(self) -> str:
        """Name of its vectors: 16 hex digits of what decides on them."""
        return sha256(repr((self.engine, self.model, self.passage_prefix)).encode()).hexdigest()[:16]

    def open(self) -> "Embedder":
        """The embedder. Raises EmbedderError if its package is missing."""
        return Server(self) if self.engine == SERVER else _packaged()

    def to_dict(self) -> dict[str, Any]:
        """The choice as JSON values."""
        return asdict(self)


class Embedder(Protocol):
    """Makes vectors of texts; safe to share between threads. Both methods raise EmbedderError."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """One vector for each passage."""
        ...

    def query(self, text: str) -> Vectors:
        """The vector of a query, as one row."""
        ...


class Packaged:
    """WordLlama's model of 16 MB: the mean of learned vectors of the tokens."""

    def __init__(self) -> None:
        try:
            wordllama = import_module("wordllama")
        except ImportError as error:
            raise EmbedderError(
                "the dense index needs WordLlama: pip install 'horizon-factory[dense]', or name a server in "
                "environments.dense"
            ) from error
        shipped = Path(str(wordllama.__file__)).parent
        self._model = wordllama.WordLlama.load(cache_dir=shipped, disable_download=True)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """One vector for each passage."""
        return np.asarray(self._model.embed(list(texts)), dtype=np.float32)

    def query(self, text: str) -> Vectors:
        """The vector of a query, as one row."""
        return self.passages([text])


@cache
def _packaged() -> Packaged:
    return Packaged()


class Server:
    """A server of `/v1/embeddings`, such as vLLM's, llama.cpp's or a provider's."""

    def __init__(self, choice: EmbedderChoice) -> None:
        self._choice = choice

    def passages(self, texts: Sequence[str]) -> Vectors:
        """One vector for each passage, a batch of texts per request, several requests at once."""
        prefixed = iter([self._choice.passage_prefix + text for text in texts])
        batches = iter(lambda: list(islice(prefixed, self._choice.batch)), [])
        with ThreadPoolExecutor(self._choice.parallel) as threads:
            return _stacked(list(threads.map(self._embed, batches)), self._choice)

    def query(self, text: str) -> Vectors:
        """The vector of a query, as one row."""
        return self._embed([self._choice.query_prefix + text])

    @cached_property
    def _client(self) -> httpx.Client:
        key = os.environ.get(self._choice.key_variable, "") if self._choice.key_variable else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(timeout=self._choice.timeout_s, headers=headers, follow_redirects=False)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        body = {"model": self._choice.model, "input": list(texts), "encoding_format": "float"}
        reply, place = None, f"{self._choice.url.rstrip('/')}/embeddings"
        for wait in _waits():
            try:
                reply = self._client.post(place, json=body)
                reason = f"status {reply.status_code}: {reply.text[:200]}"
            except httpx.HTTPError as error:
                reply, reason = None, repr(error)
            if reply is not None and reply.status_code not in BUSY:
                break
            time.sleep(wait)
        if reply is None or reply.status_code != httpx.codes.OK:
            raise EmbedderError(f"{place} embeds nothing ({reason}): check environments.dense, and start the server")
        return _vectors(reply.content, len(texts), place)


def _waits() -> Iterator[float]:
    """Seconds to wait after each failed try, none after the last."""
    yield from (FIRST_WAIT_S * 2**n for n in range(TRIES - 1))
    yield 0.0


def _vectors(content: bytes, n: int, place: str) -> Vectors:
    """The vectors of a reply in the order of its texts. Raises EmbedderError on any other reply."""
    try:
        data = sorted(orjson.loads(content)["data"], key=lambda one: one["index"])
        if [one["index"] for one in data] != list(range(n)):
            raise ValueError(f"{len(data)} vectors for {n} texts")
        found = np.array([one["embedding"] for one in data], dtype=np.float32)
        if found.ndim != 2 or not found.shape[1] or not np.isfinite(found).all():
            raise ValueError(f"vectors of the shape {found.shape}, or not of numbers")
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise EmbedderError(f"{place} answers in another form than /v1/embeddings: {error!r}") from error
    return found


def _stacked(parts: list[Vectors], choice: EmbedderChoice) -> Vectors:
    if len({part.shape[1] for part in parts}) > 1:
        raise EmbedderError(
            f"{choice.url} gives vectors of several lengths: name one model in environments.dense.model"
        )
    return np.concatenate(parts)
