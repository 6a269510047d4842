"""An episode is what has happened in an attempt so far, as a fold over its finished turns.

The loop decides from an episode alone, and the journal keeps exactly what the fold reads. So an attempt
that was killed goes on from its journaled turns as if nothing had happened, with no second render.
"""

import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from flows.domains.contract import ToolCall
from flows.rollout.protocol import Completion, Parsed
from flows.rollout.tools.observation import Observation, clean
from schemas.trajectory import Status, Turn


@dataclass(frozen=True)
class Entry:
    """A finished turn as the journal keeps it: the row, and what only a resume needs to know."""

    turn: Turn
    cue: list[int] = field(default_factory=list)
    """Ids that bid the agent to speak after this turn; they become part of the agent's own turn."""
    answer: str | None = None
    asked: Status | None = None
    """Set where the agent was asked to answer now: the status that the attempt will end with."""


@dataclass
class Episode:
    """The stream of token ids so far, and the few counts that the loop decides by."""

    trajectory_id: str
    run_id: str
    stream: "array[int]" = field(default_factory=lambda: array("i"))
    cue: list[int] = field(default_factory=list)
    length: int = 0
    spoken: int = 0
    seconds: float = 0.0
    last: Turn | None = None
    """The agent's last turn, while nothing has followed it."""
    before: list[int] = field(default_factory=list)
    """What stood before the agent's last turn: see `latest`."""
    heard_from: int = 0
    """Where in the stream the agent's last turn ends."""
    answer: str | None = None
    asked: Status | None = None
    failures: int = 0
    """Completions in a row that could not be parsed."""
    repeats: int = 0
    """Equal calls in a row."""
    called: str | None = None

    def add(self, entries: Iterable[Entry]) -> None:
        """Take finished turns into account, in order."""
        for entry in entries:
            turn = entry.turn
            if turn.role == "assistant":
                self.before = self.latest()
            self.stream.extend(turn.token_ids)
            self.cue = entry.cue
            self.length += 1
            self.seconds += turn.seconds
            self.asked = entry.asked or self.asked
            self.last = turn if turn.role == "assistant" else None
            if self.last:
                self._hear(turn, entry.answer)

    def latest(self) -> list[int]:
        """The end of the prompt: the last id that the agent sampled, all that followed it, and the cue.

        It is all of a prompt that a dialect must see to read what comes after it, however long the episode is.
        """
        return [*self.stream[max(0, self.heard_from - 1) :], *self.cue]

    def _hear(self, turn: Turn, answer: str | None) -> None:
        self.heard_from = len(self.stream)
        self.spoken += 1
        self.answer = answer
        self.failures = 0 if turn.parse == "ok" else self.failures + 1
        for call in calls_of(turn):
            said = json.dumps([call.name, call.arguments], sort_keys=True)
            self.repeats = self.repeats + 1 if said == self.called else 1
            self.called = said

    def message(self, role: str, content: str, ids: list[int]) -> Turn:
        """A turn that the factory wrote: the system prompt, the task, or (as a tool's, with no tool) a nudge."""
        column = "observation" if role == "tool" else "content"
        return self._turn(role, ids, **{column: content}, n_chars=len(content))

    def heard(self, observation: Observation, ids: list[int]) -> Turn:
        """A tool's turn."""
        return self._turn(
            "tool",
            ids,
            observation=observation.text,
            n_chars=len(observation.text),
            tool=observation.tool,
            tool_call_id=observation.call_id,
            kind=observation.kind,
            url=observation.url,
            content_sha256=observation.content_sha256,
            bytes_dropped=observation.bytes_dropped,
            redacted=observation.redacted,
            seconds=observation.seconds,
        )

    def said(self, completion: Completion, parsed: Parsed) -> Turn:
        """The agent's turn: the cue's ids, not sampled, and then those that it sampled."""
        words = words_of(parsed)
        return self._turn(
            "assistant",
            [*self.cue, *completion.token_ids],
            sampled=[False] * len(self.cue) + [True] * len(completion.token_ids),
            logprobs=completion.logprobs,
            **words,
            tool=clean(parsed.calls[0].name) if parsed.calls else None,
            n_chars=sum(len(words[name] or "") for name in ("content", "reasoning", "tool_calls")),
            finish_reason=completion.finish_reason,
            cached_tokens=completion.cached_tokens,
            seconds=completion.seconds,
        )

    def _turn(self, role: str, ids: list[int], **columns: object) -> Turn:
        blank: dict[str, object] = dict.fromkeys(Turn.model_fields)
        defaults = {"bytes_dropped": 0, "seconds": 0.0, "logprobs": [], "sampled": [False] * len(ids)}
        place = {"trajectory_id": self.trajectory_id, "index": self.length, "segment": 0, "run_id": self.run_id}
        own = {"role": role, "token_ids": ids, "n_tokens": len(ids)}
        return Turn.model_validate(blank | defaults | place | own | columns)


def calls_of(turn: Turn) -> tuple[ToolCall, ...]:
    """The calls of an agent's turn, as it made them."""
    return tuple(ToolCall(**call) for call in json.loads(turn.tool_calls)) if turn.tool_calls else ()


def words_of(parsed: Parsed) -> dict[str, str | None]:
    """What was read, as the columns of a turn."""
    return {
        "parse": parsed.parse,
        "content": clean(parsed.content),
        "reasoning": clean(parsed.reasoning) if parsed.reasoning else None,
        "tool_calls": _dump(parsed.calls) if parsed.calls else None,
    }


def completion_of(turn: Turn, before: list[int]) -> Completion:
    """The completion that an agent's turn was made from, after the end of its prompt."""
    ids = turn.token_ids[len(turn.token_ids) - len(turn.logprobs) :]
    return Completion(ids, turn.logprobs, turn.finish_reason or "stop", before)


def _dump(calls: tuple[ToolCall, ...]) -> str:
    rows = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]
    return clean(json.dumps(rows, ensure_ascii=False))
