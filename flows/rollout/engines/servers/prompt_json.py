"""Encodes prompts as JSON incrementally, so that each turn encodes only the token ids that it adds.

A prompt is the whole token stream of an episode. Encoding it anew on each turn would cost time quadratic in the
length of the episode, so the text of each session's last prompt is cached. The cached ids are compared byte for byte
with the new prompt before their text is reused. A server's echo of the prompt is compared as text, too.
"""

import secrets
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from flows.rollout.engines.servers.http_errors import MalformedReply

MAX_CACHE_BYTES = 256 << 20
"""Memory of cached prompts, enough for 1,024 episodes of 26,000 tokens; the least recently used are evicted."""
ID_TYPE = "i"
"""Array type code of token ids: 32 bits."""
ECHO = b'"prompt_token_ids":['
SAME = secrets.token_hex(16)
"""Placeholder for a matching echo; random, so that no server can send it."""


class TokenMismatch(MalformedReply):
    """The prompt ids that the server saw differ from the prompt ids that were sent."""


@dataclass(frozen=True)
class EncodedPrompt:
    """A prompt as 32-bit ids and as JSON text without brackets, in pieces that later turns share."""

    ids: bytes
    pieces: tuple[bytes, ...]

    def __len__(self) -> int:
        """Number of ids."""
        return len(self.ids) // array(ID_TYPE).itemsize

    @property
    def n_bytes(self) -> int:
        """Memory in bytes."""
        return len(self.ids) + sum(map(len, self.pieces))

    def match_end(self, raw: bytes, at: int) -> int | None:
        """The end of the prompt's text in `raw` if the text starts at offset `at`, else None."""
        for piece in self.pieces:
            if not raw.startswith(piece, at):
                return None
            at += len(piece)
        return at

    def tolist(self) -> list[int]:
        """The ids as Python integers."""
        return array(ID_TYPE, self.ids).tolist()


class PromptEncoder:
    """Encodes prompts and caches the last one of each session, `max_bytes` in all."""

    def __init__(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._cache: OrderedDict[str, EncodedPrompt] = OrderedDict()
        self._bytes = 0

    def encode(self, ids: Sequence[int], session: str) -> EncodedPrompt:
        """Encode the prompt, reusing the text of the session's last one where it is a prefix.

        Raises TypeError or OverflowError on ids that are not 32-bit integers.
        """
        words = (ids if isinstance(ids, array) and ids.typecode == ID_TYPE else array(ID_TYPE, ids)).tobytes()
        last = self._cache.get(session)
        if last is None or not words.startswith(last.ids):
            last = EncodedPrompt(b"", ())
        encoded = EncodedPrompt(words, last.pieces + _text(words, len(last.ids)))
        self._store(session, encoded)
        return encoded

    def _store(self, session: str, encoded: EncodedPrompt) -> None:
        previous = self._cache.pop(session, None)
        self._bytes += encoded.n_bytes - (previous.n_bytes if previous else 0)
        self._cache[session] = encoded
        while self._bytes > self._max_bytes:
            self._bytes -= self._cache.popitem(last=False)[1].n_bytes


def without_echo(raw: bytes, sent: EncodedPrompt) -> bytes:
    """The reply with SAME in place of an echo that equals the prompt; any other reply is returned unchanged.

    Quotation marks inside a JSON string are escaped, so the name with its bracket can only be a field.
    """
    at = raw.find(ECHO)
    if at < 1 or raw[at - 1 : at] == b"\\":
        return raw
    begin = at + len(ECHO)
    end = sent.match_end(raw, begin)
    if end is None or raw[end : end + 1] != b"]":
        return raw
    return b'%b"%b"%b' % (raw[: begin - 1], SAME.encode(), raw[end + 1 :])


def check_echo(seen: object, sent: EncodedPrompt) -> None:
    """Raise TokenMismatch unless `seen`, the echo of a reply without its text, is the prompt that was sent."""
    if seen != SAME and seen != sent.tolist():
        length = len(seen) if isinstance(seen, list) else 0
        raise TokenMismatch(f"the server saw {length} prompt ids that differ from the {len(sent)} sent")


def _text(ids: bytes, start: int) -> tuple[bytes, ...]:
    """The JSON text of the ids from byte `start` on, as one piece, or no piece if there are none."""
    added = np.frombuffer(ids, np.intc, offset=start)
    if not added.size:
        return ()
    text = orjson.dumps(added, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return ((b"," if start else b"") + text,)
