"""The inputs of an attempt, the acts that its loop requests, and its ending.

The loop yields acts and the pool performs them, so that the loop knows no servers, databases or threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.loop.episode import Entry
from flows.rollout.protocol import Completion, Message, Sampling
from schemas.trajectory import Status

ANSWER_TOKENS = 512
"""Context reserved for a final answer, in tokens (at most an eighth of the window)."""


@dataclass(frozen=True)
class Compaction:
    """How an attempt whose token budget is larger than the model's window is compacted."""

    window: int
    """Tokens that fit into the model's window."""
    at: float
    """Share of the window, 0 to 1, past which the context is compacted."""
    kind: Literal["digest", "evict"] = "digest"
    """digest: the agent sums up its work. evict: earlier tool results are left out."""

    @property
    def limit(self) -> int:
        """Tokens past which the context is compacted."""
        return int(self.at * self.window)


@dataclass(frozen=True)
class Brief:
    """The inputs of one attempt: prompts, tools, budget, and sampling parameters with the attempt's seed."""

    trajectory_id: str
    run_id: str
    system: str
    instruction: str
    tools: tuple[ToolSpec, ...]
    max_turns: int
    max_tokens: int
    max_seconds: int
    max_repeated_calls: int
    sampling: Sampling
    compaction: Compaction | None = None
    """None: `max_tokens` fit into the window."""
    levels: int = 0
    """Levels of children below the attempt, to which it may delegate."""

    @property
    def window(self) -> int:
        """Tokens that fit into one segment."""
        return self.compaction.window if self.compaction else self.max_tokens

    @property
    def reserve(self) -> int:
        """Tokens of context that an ordinary turn leaves for a final answer."""
        return min(ANSWER_TOKENS, self.window // 8)


@dataclass(frozen=True)
class Render:
    """Requests the messages as an Extension of the stream.

    `after` is the completion that the stream ends with, with its prompt's tail; None at the start. The stream is
    mutated later: read it before sending the result.
    """

    stream: Sequence[int]
    after: Completion | None
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Generate:
    """Requests a Completion of the prompt. The prompt is mutated later: read it before sending the result."""

    prompt_ids: Sequence[int]
    sampling: Sampling
    must_answer: bool
    api_messages: Sequence[str] = ()
    """The conversation for an API without token ids; `prompt_ids` is empty then."""
    n_tokens: int = 0
    """Tokens of the prompt, those of an API as far as they are counted."""


@dataclass(frozen=True)
class Parse:
    """Requests a completion as Parsed. Its `prompt_ids` are the prompt's tail only, however long the episode is."""

    completion: Completion


@dataclass(frozen=True)
class CallTools:
    """Requests that the calls of one turn are Performed, in order."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True)
class Commit:
    """Requests that finished turns are made durable; the loop continues only after that."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Recall:
    """Requests all committed entries of the attempt, in order."""


@dataclass(frozen=True)
class ReadNotes:
    """Requests the notes of the agent as one text; empty if it has none."""


Act = Render | Generate | Parse | CallTools | Commit | Recall | ReadNotes


@dataclass(frozen=True)
class Ending:
    """How an attempt ended; `error` is a reason code for statuses that have several causes."""

    status: Status
    answer: str | None = None
    error: str | None = None
