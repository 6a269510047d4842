"""The state of one attempt, computed as a fold over its finished turns.

The agent loop decides from this state alone, and the journal stores exactly the entries that the fold reads. An attempt
that was killed therefore resumes from its journaled turns, without rendering the conversation a second time.
"""

import json
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flows.environments.environment import Checkpoint
from flows.environments.tool import ToolCall
from flows.rollout.loop.instructions import EVICTED
from flows.rollout.protocol import Completion, Parsed, Sampling
from flows.rollout.tools.observation import Observation, clean
from flows.rollout.usage import estimated_tokens
from schemas.trajectory import Status, Turn

BLANK: dict[str, object] = dict.fromkeys(Turn.model_fields) | {"bytes_dropped": 0, "seconds": 0.0, "logprobs": []}
"""The columns of a turn that has none of its own."""


@dataclass(frozen=True)
class Entry:
    """A finished turn as the journal stores it: the row of the lake, and the fields that only a resume needs."""

    turn: Turn
    cue: list[int] = field(default_factory=list)
    """The generation prompt after this turn, as token ids; it becomes the unsampled start of the assistant turn."""
    answer: str | None = None
    forced_status: Status | None = None
    """The status with which the attempt will end, if this turn requests the final answer because of a limit."""
    sampling: Sampling | None = None
    """The sampling of the attempt, in its first entry; None in the others."""
    api_message: str | None = None
    """The turn as messages of an API without token ids, a JSON list; None where token ids hold the conversation."""
    checkpoint: Checkpoint | None = None
    """The state of the environment after this turn; None if the turn called no tool, or the environment has none."""
    asks_digest: bool = False
    """True if this turn requests a digest, after which the context is compacted."""

    @property
    def n_tokens(self) -> int:
        """Number of tokens of the turn; estimated for an API without token ids."""
        return self.turn.n_tokens or estimated_tokens(self.api_message or "")


@dataclass
class Episode:
    """The token ids of the current segment, and the counts that the loop needs for its decisions."""

    trajectory_id: str
    run_id: str
    stream: "array[int]" = field(default_factory=lambda: array("i"))
    api_messages: list[str] = field(default_factory=list)
    """The conversation in the form of an API, one JSON list of messages per turn, in place of the stream."""
    api_tokens: int = 0
    """Tokens of that conversation: the API's last count, and an estimate of what was added since."""
    cue: list[int] = field(default_factory=list)
    length: int = 0
    """Number of turns, of every role, in all segments."""
    segment: int = 0
    tokens_before: int = 0
    """Tokens of the earlier segments, copies left out."""
    copied_tokens: int = 0
    """Tokens of the copies in the current segment."""
    digest_due: bool = False
    """True from the request of a digest to the opening of the next segment."""
    result_tokens: list[int] = field(default_factory=list)
    """Tokens of the tool results of each step in the current segment; evicted ones count 0."""
    assistant_turns: int = 0
    seconds: float = 0.0
    last: Turn | None = None
    """The last turn if it is the assistant's, else None."""
    last_prompt_tail: list[int] = field(default_factory=list)
    """The `prompt_tail` before the last assistant turn."""
    last_turn_end: int = 0
    """Position in the stream at which the last assistant turn ends."""
    tokens_at_turn: int = 0
    """Tokens spent at the end of the last assistant turn."""
    tokens_a_turn_ago: int = 0
    """Tokens spent at the end of the assistant turn before that."""
    answer: str | None = None
    forced_status: Status | None = None
    """The status with which the attempt will end, once the final answer was requested because of a limit."""
    parse_failures: int = 0
    """Consecutive completions that could not be parsed."""
    repeated_calls: int = 0
    """Consecutive equal tool calls whose observations were equal, too."""
    last_call: str | None = None
    last_observation: str | None = None
    """The observation of `last_call`, as far as it was made; None before."""
    calls: tuple[ToolCall, ...] = ()
    """The calls of the last assistant turn."""
    unanswered: deque[str] = field(default_factory=deque)
    """The calls of the last assistant turn whose observations are still to come, in order."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Advance the state by finished turns, in order."""
        for entry in entries:
            turn = entry.turn
            if turn.segment != self.segment:
                self._open_segment(turn.segment)
            if turn.role == "assistant":
                self.last_prompt_tail = self.prompt_tail()
            self.stream.extend(turn.token_ids)
            self._add_api_message(entry)
            self.cue = entry.cue
            self.length += 1
            self.seconds += turn.seconds
            self.forced_status = entry.forced_status or self.forced_status
            self.digest_due = self.digest_due or entry.asks_digest
            self.last = turn if turn.role == "assistant" else None
            if turn.copy_of is not None:
                self._add_copy(entry)
            elif self.last:
                self._add_assistant_turn(turn, entry.answer)
            elif turn.role == "tool" and turn.tool:
                self._add_observation(turn)
            self._add_step(entry)

    @property
    def n_tokens(self) -> int:
        """Number of tokens of the current segment, without the generation prompt."""
        return len(self.stream) + self.api_tokens

    @property
    def spent_tokens(self) -> int:
        """Number of tokens of all segments, copies left out."""
        return self.tokens_before + self.n_tokens - self.copied_tokens

    @property
    def writes_text_only(self) -> bool:
        """True if the next turn is a final answer or a digest: no tool is to be called in it."""
        return self.forced_status is not None or self.digest_due

    def last_completion(self, turn: Turn) -> Completion:
        """The completion that the last turn was made from."""
        completion = completion_of(turn, self.last_prompt_tail)
        return replace(completion, api_message=self.api_messages[-1]) if self.api_messages else completion

    def _add_api_message(self, entry: Entry) -> None:
        if entry.api_message is None:
            return
        self.api_messages.append(entry.api_message)
        turn = entry.turn
        counted = turn.prompt_tokens is not None and turn.sampled_tokens is not None
        added = estimated_tokens(entry.api_message)
        self.api_tokens = (turn.prompt_tokens or 0) + (turn.sampled_tokens or 0) if counted else self.api_tokens + added

    def prompt_tail(self) -> list[int]:
        """The end of the prompt: the last sampled id, all ids after it, and the generation prompt.

        A dialect needs no more of the prompt to parse the completion that follows, however long the episode is.
        """
        return [*self.stream[max(0, self.last_turn_end - 1) :], *self.cue]

    def _add_step(self, entry: Entry) -> None:
        if entry.turn.role == "assistant":
            self.result_tokens.append(0)
        elif entry.turn.tool and self.result_tokens and entry.turn.observation != EVICTED:
            self.result_tokens[-1] += entry.n_tokens

    def _open_segment(self, number: int) -> None:
        self.tokens_before, self.copied_tokens, self.segment = self.spent_tokens, 0, number
        self.stream, self.api_messages, self.api_tokens = array("i"), [], 0
        self.cue, self.last_turn_end, self.digest_due, self.result_tokens = [], 0, False, []

    def _add_copy(self, entry: Entry) -> None:
        """A copy is part of the stream and of no count."""
        self.copied_tokens += entry.n_tokens
        if entry.turn.role == "assistant":
            self.last_turn_end = len(self.stream)

    def _add_assistant_turn(self, turn: Turn, answer: str | None) -> None:
        self.last_turn_end = len(self.stream)
        self.tokens_a_turn_ago, self.tokens_at_turn = self.tokens_at_turn, self.spent_tokens
        self.assistant_turns += 1
        self.answer = answer
        self.parse_failures = 0 if turn.parse == "ok" else self.parse_failures + 1
        self.calls = calls_of(turn)
        self.unanswered = deque(json.dumps([call.name, call.arguments], sort_keys=True) for call in self.calls)
        for call in self.unanswered:
            if call != self.last_call:
                self.repeated_calls, self.last_observation = 0, None
            self.repeated_calls += 1
            self.last_call = call

    def _add_observation(self, turn: Turn) -> None:
        """Count from one again if the same call returned something new: polling a job makes progress."""
        call = self.unanswered.popleft() if self.unanswered else None
        if call == self.last_call:
            if self.last_observation not in (None, turn.observation):
                self.repeated_calls = 1
            self.last_observation = turn.observation

    def message_turn(self, role: str, content: str, ids: list[int]) -> Turn:
        """A turn that the factory wrote: system prompt, task, or (with role `tool` and no tool) an instruction."""
        column = "observation" if role == "tool" else "content"
        return self._turn(role, ids, **{column: content}, n_chars=len(content))

    def tool_turn(self, observation: Observation, ids: list[int]) -> Turn:
        """The turn of one tool result; `ids` are the tokens that it adds to the stream."""
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
            **observation.times,
        )

    def assistant_turn(self, completion: Completion, parsed: Parsed) -> Turn:
        """The turn of one completion: the ids of the generation prompt, unsampled, then the sampled ids."""
        columns = parsed_columns(parsed)
        return self._turn(
            "assistant",
            [*self.cue, *completion.token_ids],
            sampled=[False] * len(self.cue) + [True] * len(completion.token_ids),
            logprobs=completion.logprobs,
            **columns,
            tool=clean(parsed.calls[0].name) if parsed.calls else None,
            n_chars=sum(len(columns[name] or "") for name in ("content", "reasoning", "tool_calls")),
            finish_reason=completion.finish_reason,
            cached_tokens=completion.cached_tokens,
            prompt_tokens=completion.usage.prompt_tokens if completion.usage else None,
            sampled_tokens=completion.usage.sampled_tokens if completion.usage else None,
            seconds=completion.seconds,
        )

    def _turn(self, role: str, ids: list[int], **columns: object) -> Turn:
        place = {"trajectory_id": self.trajectory_id, "index": self.length, "segment": self.segment}
        own = {"run_id": self.run_id, "role": role, "token_ids": ids, "n_tokens": len(ids)}
        return Turn.model_validate({**BLANK, **place, **own, "sampled": [False] * len(ids), **columns})


def calls_of(turn: Turn) -> tuple[ToolCall, ...]:
    """The tool calls of an assistant turn, in order."""
    return tuple(ToolCall(**call) for call in json.loads(turn.tool_calls)) if turn.tool_calls else ()


def parsed_columns(parsed: Parsed) -> dict[str, str | None]:
    """The columns of a turn that come from parsing its completion."""
    return {
        "parse": parsed.parse,
        "content": clean(parsed.content),
        "reasoning": clean(parsed.reasoning) if parsed.reasoning else None,
        "tool_calls": _calls_json(parsed.calls) if parsed.calls else None,
    }


def completion_of(turn: Turn, prompt_tail: list[int]) -> Completion:
    """The completion that an assistant turn was made from; `prompt_tail` is the end of its prompt."""
    ids = turn.token_ids[len(turn.token_ids) - len(turn.logprobs) :]
    return Completion(ids, turn.logprobs, turn.finish_reason or "stop", prompt_tail)


def _calls_json(calls: tuple[ToolCall, ...]) -> str:
    rows = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]
    return clean(json.dumps(rows, ensure_ascii=False))
