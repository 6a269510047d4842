"""A scripted teacher that solves the tasks of a night in every domain: it makes the calls of each domain's oracle.

The oracle reads its observations from the prompts, as a model does, so that a task is worked on once. A task of a
domain without an oracle is answered with its truth.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.domains import domain
from flows.environments.tool import ToolCall
from flows.rollout.rehearsal.teacher import Playing
from schemas import Hidden, Task
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_replies import starts_of_turns
from tests.flows.tasks.reading import rows

LOST = "I do not know."
OPENING = 40_000
"""Tokens of a prompt in which its task is looked for, after the system prompt and the tools."""
OPEN, CLOSE = tiny.IDS["<tool_response>"], tiny.IDS["</tool_response>"]


@dataclass
class Attempt:
    """The oracle at one task; its replies are kept, since a request may come twice."""

    playing: Playing | None
    replies: list[str]

    def reply(self, prompt_ids: list[int]) -> str:
        """The turn that follows a prompt; earlier ones that were not written here are played from it."""
        starts = starts_of_turns(prompt_ids)
        while self.playing and len(self.replies) < len(starts):
            if at := len(self.replies):
                self.playing.go_on(list(_observations(prompt_ids[starts[at - 1] : starts[at]])))
            else:
                self.playing.start()
            self.replies.append(_written(self.playing.calls, self.playing.answer))
        return self.replies[min(len(starts), len(self.replies)) - 1]


@dataclass
class Solver:
    """Replies to prompts about the tasks in the lake of a home."""

    home: Path
    attempts: dict[str, Attempt] = field(default_factory=dict)
    """By task id."""
    tasks: list[Task] = field(default_factory=list)

    def __call__(self, prompt_ids: list[int], body: dict[str, Any]) -> str:
        task = self._task(tiny.decode(prompt_ids[:OPENING]))
        if task is None:
            return LOST
        if task.task_id not in self.attempts:
            self.attempts[task.task_id] = self._begun(task)
        return self.attempts[task.task_id].reply(prompt_ids)

    def _task(self, prompt: str) -> Task | None:
        """The task whose instruction the prompt has; the longest one, since an instruction may hold another."""
        if not self.tasks:
            self.tasks = [Task(**row) for row in rows(self.home, Task)]
        return max((one for one in self.tasks if one.instruction in prompt), key=_length, default=None)

    def _begun(self, task: Task) -> Attempt:
        policies = domain(task.domain).policies
        if policies is None:
            return Attempt(None, [task.answer or LOST])
        hidden = next((Hidden(**row) for row in rows(self.home, Hidden) if row["task_id"] == task.task_id), None)
        return Attempt(Playing(policies.oracle(task, hidden)), [])


def _observations(ids: list[int]) -> Iterator[str]:
    """The observations after one turn."""
    at = 0
    while OPEN in ids[at:]:
        begin = ids.index(OPEN, at)
        at = ids.index(CLOSE, begin)
        yield tiny.decode(ids[begin + 1 : at]).removeprefix("\n").removesuffix("\n")


def _written(calls: Sequence[ToolCall] | None, answer: str) -> str:
    if not calls:
        return answer
    made = (json.dumps({"name": one.name, "arguments": one.arguments}) for one in calls)
    return "\n".join(f"<tool_call>\n{one}\n</tool_call>" for one in made)


def _length(task: Task) -> int:
    return len(task.instruction)
