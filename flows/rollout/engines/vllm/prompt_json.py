"""Prompts as JSON text, each id encoded once however often it is sent.

A prompt is the episode's whole stream, so encoding it anew each turn grows with the square of the episode.
The text of what a session has sent is kept; a turn encodes what it adds. Whether the stream still begins with
what was sent is compared byte for byte, never assumed.
"""

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

LIMIT_BYTES = 256 << 20
"""Memory for kept prompts: 1,024 episodes of 26,000 tokens; the longest unused are forgotten, and encoded anew."""
ID = "i"
"""Array type of token ids: 32 bits."""


@dataclass(frozen=True)
class Encoded:
    """A prompt's ids, as 32-bit words and as JSON text without its brackets, in pieces that later turns share."""

    ids: bytes
    pieces: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.ids) // array(ID).itemsize

    @property
    def n_bytes(self) -> int:
        """Memory that it takes."""
        return len(self.ids) + sum(map(len, self.pieces))

    def begins(self, raw: bytes, at: int) -> int | None:
        """Where the text ends, if `raw` holds it from place `at` on; else None."""
        for piece in self.pieces:
            if not raw.startswith(piece, at):
                return None
            at += len(piece)
        return at

    def tolist(self) -> list[int]:
        """The ids as Python numbers."""
        return array(ID, self.ids).tolist()


class Prompts:
    """The prompts that were last sent, one a session; `limit` in bytes."""

    def __init__(self, limit: int = LIMIT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Encoded] = OrderedDict()
        self._bytes = 0

    def encode(self, ids: Sequence[int], session: str) -> Encoded:
        """The prompt's text; only what it adds to the session's last one is encoded. Raises TypeError on no ids."""
        now = (ids if isinstance(ids, array) and ids.typecode == ID else array(ID, ids)).tobytes()
        last = self._kept.get(session)
        if last is None or not now.startswith(last.ids):
            last = Encoded(b"", ())
        made = Encoded(now, last.pieces + _text(now, len(last.ids)))
        self._keep(session, made)
        return made

    def _keep(self, session: str, made: Encoded) -> None:
        before = self._kept.pop(session, None)
        self._bytes += made.n_bytes - (before.n_bytes if before else 0)
        self._kept[session] = made
        while self._bytes > self._limit:
            self._bytes -= self._kept.popitem(last=False)[1].n_bytes


def _text(ids: bytes, done: int) -> tuple[bytes, ...]:
    """The text of the ids from byte `done` on, as no piece or one."""
    added = np.frombuffer(ids, np.intc, offset=done)
    if not added.size:
        return ()
    text = orjson.dumps(added, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return ((b"," if done else b"") + text,)
