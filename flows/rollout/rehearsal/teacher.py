"""A teacher that plays a scripted policy: it reads observations from the prompt, as a model does, and writes calls.

Its engine is the policy's name, by which gates and publish refuse its rows.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flows.domains.attempt import Policy
from flows.domains.contract import Play
from flows.environments.tool import Answer, ToolCall
from flows.rollout.protocol import Completion, Identity, Sampling
from flows.rollout.rehearsal.dialect import AGENT, RehearsalDialect, Shown
from flows.rollout.rehearsal.pieces import Tokenizer
from flows.rollout.server_load import Load
from schemas.task import Hidden, Task

NO_ANSWER = "I give no answer."
CONTEXT = 1_048_576
"""Context window in tokens: a policy has none of its own, so the task's budget holds."""


@dataclass
class Playing:
    """One attempt: the policy at its place, and what it wants next."""

    steps: Play
    calls: Sequence[ToolCall] | None = None
    """The calls of the next turn; None once the policy has answered."""
    answer: str = NO_ANSWER
    read: int = 0
    """Tokens of the stream that the policy has read or written."""

    def start(self) -> None:
        """Run the policy to its first calls."""
        self._go(None)

    def go_on(self, observations: Sequence[str]) -> None:
        """Give the policy the observations of its calls."""
        if self.calls is not None:
            self._go([Answer(text) for text in observations[: len(self.calls)]])

    def _go(self, answers: Sequence[Answer] | None) -> None:
        try:
            self.calls = next(self.steps) if answers is None else self.steps.send(answers)
        except StopIteration as end:
            self.calls, self.answer = None, end.value or NO_ANSWER
        except Exception as error:
            self.calls, self.answer = None, f"The policy failed: {error!r}"


def policy_identity(engine: str) -> Identity:
    """The identity of a policy with this engine."""
    return Identity(engine, None, f"policy {engine}", None, CONTEXT)


@dataclass
class PolicyTeacher:
    """Plays one policy on all tasks of a rehearsal; `briefs` are the tasks with their hidden truth by session."""

    identity: Identity
    """The policy in place of a model: its name is the engine."""
    policy: Policy
    briefs: Mapping[str, tuple[Task, Hidden | None]]
    dialect: RehearsalDialect
    tokenizer: Tokenizer
    _playing: dict[str, Playing] = field(default_factory=dict)

    def server(self, session: str) -> str:
        """There is one, in this process."""
        return self.identity.engine

    def loads(self) -> list[Load]:
        """The one server, without figures."""
        return [Load(self.identity.engine)]

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """The next turn of the session's policy. A session that this process has not begun is played from the start."""
        begun = time.monotonic()
        playing = self._playing.get(session) or self._begin(session)
        for observations in _observations(self.dialect.read(prompt_ids[playing.read :])):
            playing.go_on(observations)
        ids = self.dialect.written(playing.calls, playing.answer)
        cut = ids[: sampling.max_tokens]
        playing.read = len(prompt_ids) + len(cut)
        reason = "stop" if len(cut) == len(ids) else "length"
        seconds = time.monotonic() - begun
        return Completion(cut, [0.0] * len(cut), reason, prompt_ids=list(prompt_ids), seconds=seconds)

    async def encode(self, text: str) -> list[int]:
        """Ids of the text."""
        return self.tokenizer.encode(text)

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids."""
        return self.tokenizer.decode(token_ids)

    def _begin(self, session: str) -> Playing:
        playing = self._playing[session] = Playing(self.policy(*self.briefs[session]))
        playing.start()
        return playing


def _observations(messages: Iterator[Shown]) -> Iterator[list[str]]:
    """The observations of each turn in order. A part of a stream that follows a turn has those of one turn."""
    found: list[str] = []
    for message in messages:
        if message.role == "tool":
            found.append(message.text)
        elif message.role == AGENT and found:
            yield found
            found = []
    if found:
        yield found
