"""Builds the opening of an attempt's next segment: its first messages, and copies of earlier turns.

Sampled ids are copied as they were sampled; the ids around them are what the template writes at their new place. The
draft changes nothing of the episode: its entries are committed together, so a kill leaves the old segment or all of
the new opening.
"""

from array import array
from collections.abc import Generator, Sequence
from typing import Any

from flows.rollout.loop.acts import Act, Render
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.protocol import Completion, Extension, Message
from schemas.trajectory import Turn

Drafting = Generator[Act, Any, None]


class SegmentDraft:
    """The entries of an opening; `entries` are all committed ones of the attempt."""

    def __init__(self, episode: Episode, entries: Sequence[Entry]) -> None:
        self.entries: list[Entry] = []
        self._first, self._segment = episode.length, episode.segment + 1
        self._committed = entries
        self._stream, self._cue, self._turn_end = array("i"), list[int](), 0

    @property
    def n_tokens(self) -> int:
        """Number of tokens of the opening; those of an API are estimated."""
        return sum(entry.n_tokens for entry in self.entries)

    def open(self, task: str) -> Drafting:
        """Add the system prompt, and the user turn with this text."""
        originals = [entry.turn for entry in self._committed[:2]]
        messages = (Message("system", originals[0].content or ""), Message("user", task))
        extension: Extension = yield Render(self._stream, None, messages)
        for turn, message, (ids, api_message) in zip(originals, messages, extension.split(), strict=True):
            same = turn.content == message.content and turn.token_ids == ids
            said = {"content": message.content, "n_chars": len(message.content)}
            self._add(_again(turn, ids, **said) if same else _other(turn, ids, **said), extension.cue, api_message)

    def copy(self, exchange: Sequence[Entry], observation: str | None = None) -> Drafting:
        """Add a copy of an assistant turn and of its results; `observation` replaces that of each result."""
        spoken, *results = (self._original(entry) for entry in exchange)
        turn, prompt = spoken.turn, [*self._stream[max(0, self._turn_end - 1) :], *self._cue]
        sampled = turn.token_ids[len(turn.token_ids) - len(turn.logprobs) :]
        self._add(_again(turn, [*self._cue, *sampled]), [], spoken.api_message)
        self._turn_end = len(self._stream)
        turns = [_evicted(result.turn, observation) for result in results]
        messages = tuple(Message("tool", one.observation or "", one.tool, one.tool_call_id) for one in turns)
        after = Completion(sampled, turn.logprobs, turn.finish_reason or "stop", prompt, api_message=spoken.api_message)
        extension: Extension = yield Render(self._stream, after, messages)
        for result, (ids, api_message) in zip(turns, extension.split(), strict=True):
            self._add(_again(result, ids), extension.cue, api_message)

    def _original(self, entry: Entry) -> Entry:
        place = entry.turn.copy_of
        return entry if place is None else self._committed[place]

    def _add(self, turn: Turn, cue: list[int], api_message: str | None) -> None:
        place = {"index": self._first + len(self.entries), "segment": self._segment}
        self.entries.append(Entry(turn.model_copy(update=place), cue, api_message=api_message))
        self._stream.extend(turn.token_ids)
        self._cue = cue


def _other(turn: Turn, ids: list[int], **columns: object) -> Turn:
    """A turn of the same role with other text and ids, none of them sampled."""
    ids_columns = {"token_ids": ids, "n_tokens": len(ids), "sampled": [False] * len(ids), "logprobs": []}
    return turn.model_copy(update={**ids_columns, **columns})


def _again(turn: Turn, ids: list[int], **columns: object) -> Turn:
    """A copy of a turn: nothing of it was sampled or timed again."""
    nothing = dict.fromkeys(("finish_reason", "cached_tokens", "prompt_tokens", "sampled_tokens"))
    return _other(turn, ids, copy_of=turn.index, seconds=0.0, **nothing, **columns)


def _evicted(turn: Turn, observation: str | None) -> Turn:
    """The turn with this text in place of what a tool returned; instructions of the factory stay."""
    if observation is None or not turn.tool:
        return turn
    dropped = turn.bytes_dropped + len((turn.observation or "").encode())
    return turn.model_copy(update={"observation": observation, "n_chars": len(observation), "bytes_dropped": dropped})
